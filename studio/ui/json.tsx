import type { VNode } from 'preact'

const MOST = 100_000
const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON with coloured syntax. Only the beginning of a very long text is shown. */
export function JsonView({ value }: { readonly value: unknown }): VNode {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')
  const text = whole.slice(0, MOST)
  const parts: (VNode | string)[] = []
  let at = 0
  for (const match of text.matchAll(token)) {
    if (match.index > at) parts.push(text.slice(at, match.index))
    const [all, string, colon = ''] = match
    const kind = colon ? 'key' : string !== undefined ? 'string' : /^[-\d]/.test(all) ? 'number' : 'word'
    parts.push(<span class={`json-${kind}`}>{string ?? all}</span>, colon)
    at = match.index + all.length
  }
  parts.push(text.slice(at))
  if (whole.length > MOST) parts.push(`\n… ${(whole.length - MOST).toLocaleString()} more characters`)
  return (
    <pre class="json" tabIndex={0}>
      {parts}
    </pre>
  )
}

/** Copies a text to the clipboard. */
export function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  // Pages that came over plain HTTP from another machine have no clipboard.
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  return Promise.resolve()
}
