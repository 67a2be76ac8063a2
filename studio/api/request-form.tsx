import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { send } from '../server/client.ts'
import { description } from '../server/description.ts'
import type { OperationInfo } from '../server/fields.ts'
import { referred, sampleOf, type JsonObject } from '../../src/describe/page/browser/sample.ts'
import { CodeEditor } from '../ui/code-editor.tsx'
import { Badge, Button, Tabs } from '../ui/controls.tsx'
import { copyText } from '../ui/json.tsx'
import { say } from '../ui/toast.tsx'
import { AnswerView, answerOf, type Answer } from './answer.tsx'
import { exampleLanguages, requestAs, type ExampleLanguage, type PlannedRequest } from './request-text.ts'

type Texts = Readonly<Record<string, string>>

/** A form that sends an operation, and shows what came back. */
export function RequestForm({ info }: { readonly info: OperationInfo }): VNode {
  const { document } = description.value!
  const { operation, method, path } = info
  const parameters = ((operation['parameters'] ?? []) as JsonObject[]).map(one => referred(document, one))
  const content = (operation['requestBody']?.content ?? {}) as JsonObject
  const schema = content['application/json']?.schema as JsonObject | undefined
  const isFile = method === 'PUT' && operation['x-file'] !== undefined
  const [texts, setTexts] = useState<Texts>(() =>
    Object.fromEntries(parameters.flatMap(one => (one['in'] === 'path' ? [[one['name'] as string, '1']] : []))),
  )
  const [body, setBody] = useState(() => (schema ? JSON.stringify(sampleOf(document, schema), null, 2) : ''))
  const [file, setFile] = useState<File | null>(null)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [language, setLanguage] = useState<ExampleLanguage>('curl')
  const [isBusy, setBusy] = useState(false)
  const planned: PlannedRequest = { method, ...placed(path, parameters, texts), body: schema ? body : null, info }

  const submit = async (): Promise<void> => {
    setBusy(true)
    const began = performance.now()
    const headers: Record<string, string> = { ...planned.headers }
    if (schema) headers['content-type'] = 'application/json'
    if (isFile && file) {
      headers['content-type'] = file.type || 'application/octet-stream'
      headers['content-disposition'] = `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`
    }
    try {
      const response = await send(method, planned.target, {
        headers,
        ...(schema ? { body } : isFile && file ? { body: file } : {}),
      })
      const received = await answerOf(response, performance.now() - began)
      // What came last can be looked at in the console of the browser.
      Object.assign(globalThis, { res: received.body })
      setAnswer(received)
    } catch (error) {
      setAnswer({ status: 0, words: 'No answer', took: performance.now() - began, headers: '', body: String(error) })
    }
    setBusy(false)
  }

  const groups = [
    ['Parameters', parameters.filter(one => one['in'] !== 'header' && !('x-operator' in one))],
    ['Conditions', parameters.filter(one => 'x-operator' in one)],
    ['Header fields', parameters.filter(one => one['in'] === 'header')],
  ] as const
  return (
    <form
      class="request"
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      {operation['description'] && <p class="muted">{operation['description']}</p>}
      {groups.map(
        ([title, some], i) =>
          some.length > 0 && (
            <details key={title} class="parameters" open={i === 0 || some.some(one => one['required'])}>
              <summary>
                {title} <Badge>{some.length}</Badge>
              </summary>
              <div class="parameter-list">
                {some.map(one => (
                  <label key={`${one['in']} ${one['name']}`} title={one['description']}>
                    <span>
                      {one['name']}
                      {one['required'] ? ' *' : ''}
                    </span>
                    <input
                      value={texts[one['name']] ?? ''}
                      placeholder={String(one['schema']?.default ?? one['schema']?.type ?? '')}
                      spellcheck={false}
                      onInput={event => {
                        const { value } = event.currentTarget
                        setTexts(all => ({ ...all, [one['name']]: value }))
                      }}
                    />
                  </label>
                ))}
              </div>
            </details>
          ),
      )}
      {schema && (
        <div class="field">
          <span>Body</span>
          <CodeEditor label="Body" text={body} onText={setBody} />
        </div>
      )}
      {isFile && (
        <label class="field">
          <span>File</span>
          <input
            type="file"
            accept={Object.keys(content).join(',')}
            onChange={event => setFile(event.currentTarget.files?.[0] ?? null)}
          />
        </label>
      )}
      <Responses operation={operation} />
      <div class="example">
        <div class="toolbar">
          <Tabs label="Example in" all={exampleLanguages} chosen={language} onChoose={setLanguage} />
          <span class="space" />
          <Button
            icon="copy"
            kind="quiet"
            label="Copy the example"
            onClick={() => void copyText(requestAs(language, planned)).then(() => say('Copied'))}
          />
        </div>
        <pre class="code" tabIndex={0}>
          {requestAs(language, planned)}
        </pre>
      </div>
      <div class="form-buttons">
        <Button kind="primary" type="submit" disabled={isBusy}>
          Send {method}
        </Button>
      </div>
      <div aria-live="polite">{answer && <AnswerView answer={answer} />}</div>
    </form>
  )
}

/** The path with its parameters, and the header fields that are given. */
function placed(
  path: string,
  parameters: readonly JsonObject[],
  texts: Texts,
): { target: string; headers: Record<string, string> } {
  let target = path
  const query: string[] = []
  const headers: Record<string, string> = {}
  for (const one of parameters) {
    const name = one['name'] as string
    const text = texts[name] ?? ''
    if (one['in'] === 'path') target = target.replace(`{${name}}`, encodeURIComponent(text))
    else if (text === '') continue
    else if (one['in'] === 'header') headers[name.toLowerCase()] = text
    else query.push(`${name.replaceAll(/[^\w.[\]-]/g, encodeURIComponent)}=${encodeURIComponent(text)}`)
  }
  return { target: query.length > 0 ? `${target}?${query.join('&')}` : target, headers }
}

/** The statuses that an operation may answer with, and what each means. */
function Responses({ operation }: { readonly operation: JsonObject }): VNode | null {
  const { document } = description.value!
  const all = Object.entries((operation['responses'] ?? {}) as JsonObject)
  if (all.length === 0) return null
  return (
    <details class="parameters">
      <summary>
        Answers <Badge>{all.length}</Badge>
      </summary>
      <dl class="responses">
        {all.map(([status, given]) => (
          <div key={status}>
            <dt>
              <Badge tone={status < '400' ? 'good' : 'bad'}>{status}</Badge>
            </dt>
            <dd>{String(referred(document, given as JsonObject)['description'] ?? '')}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
