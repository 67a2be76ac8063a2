// Runs in browsers, as text that is served. See scripts/browser.ts.

type Child = Node | string | number | null | undefined | false

/** Makes an element. Everything that is shown becomes a text node: nothing is ever read as HTML. */
export function h(
  name: string,
  attributes: Record<string, string | boolean | ((event: Event) => void)> = {},
  ...children: (Child | readonly Child[])[]
): HTMLElement {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value)
    else if (value === true) element.setAttribute(key, '')
    else if (value !== false) element.setAttribute(key, value)
  }
  fillElement(element, children)
  return element
}

export function fillElement(element: Element, children: readonly (Child | readonly Child[])[]): void {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue
    element.append(typeof child === 'number' ? String(child) : child)
  }
}

/** Puts other children into an element. */
export function show(element: Element, ...children: (Child | readonly Child[])[]): void {
  element.replaceChildren()
  fillElement(element, children)
}

export function byId(id: string): HTMLElement {
  return document.getElementById(id)!
}

/** JSON with its parts told apart by colour. */
export function jsonView(value: unknown): HTMLElement {
  const pre = h('pre', { class: 'json' })
  const text = JSON.stringify(value, null, 2) ?? ''
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
  let at = 0
  for (const match of text.matchAll(token)) {
    if (match.index > at) pre.append(text.slice(at, match.index))
    const kind =
      match[2] !== undefined ? 'key' : match[1] !== undefined ? 'string' : /^[-\d]/.test(match[0]) ? 'number' : 'word'
    pre.append(h('span', { class: kind }, match[1] ?? match[0]), match[2] ?? '')
    at = match.index + match[0].length
  }
  pre.append(text.slice(at))
  return pre
}

/** A part of the page that opens. The content is made when it is first opened. */
export function foldable(
  head: Child[],
  make: () => Child | Child[],
  attributes: Record<string, string> = {},
): HTMLElement {
  const content = h('div', { class: 'fold' })
  let made = false
  const details = h('details', attributes, h('summary', {}, head), content) as HTMLDetailsElement
  details.addEventListener('toggle', () => {
    if (made || !details.open) return
    made = true
    fillElement(content, [make()].flat())
  })
  return details
}
