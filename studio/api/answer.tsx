import type { VNode } from 'preact'
import { Badge } from '../ui/controls.tsx'
import { JsonView } from '../ui/json.tsx'
import { byteWords } from '../ui/words.ts'

/** What came back. */
export interface Answer {
  readonly status: number
  readonly words: string
  readonly took: number
  readonly headers: string
  readonly body: unknown
}

export function AnswerView({ answer: { status, words, took, headers, body } }: { readonly answer: Answer }): VNode {
  return (
    <section class="answer" aria-label="Answer">
      <p>
        <Badge tone={status >= 200 && status < 400 ? 'good' : 'bad'}>{`${status || ''} ${words}`.trim()}</Badge>{' '}
        <span class="muted">
          {Math.round(took)} ms, <code>res</code> in the console
        </span>
      </p>
      {headers && (
        <details>
          <summary>Header fields</summary>
          <pre class="code" tabIndex={0}>
            {headers}
          </pre>
        </details>
      )}
      {body === null ? (
        <p class="muted">No body</p>
      ) : typeof body === 'string' ? (
        <pre class="code" tabIndex={0}>
          {body.slice(0, 100_000)}
        </pre>
      ) : (
        <JsonView value={body} />
      )}
    </section>
  )
}

/** Reads a response as far as it can be shown. */
export async function answerOf(response: Response, took: number): Promise<Answer> {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const type = response.headers.get('content-type') ?? ''
  const base = { status: response.status, words: response.statusText, took, headers }
  if (response.headers.get('accept-ranges') === 'bytes' && !type.startsWith('text/')) {
    const { size } = await response.blob()
    return { ...base, body: `${byteWords(size)} of ${type}` }
  }
  const text = await response.text()
  if (text === '') return { ...base, body: null }
  try {
    return { ...base, body: /json/.test(type) ? (JSON.parse(text) as unknown) : text }
  } catch {
    return { ...base, body: text }
  }
}
