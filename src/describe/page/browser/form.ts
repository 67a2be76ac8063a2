// Runs in browsers, as text that is served. See scripts/browser.ts.
import { h, jsonView, show } from './element.ts'
import { followLive } from './live.ts'
import { sampleOf, type JsonObject } from './sample.ts'
import { page, baseOf, resolve } from './schema.ts'

/** An operation, and the elements of its form that hold what is sent. */
interface Form {
  readonly method: string
  readonly path: string
  readonly inputs: ReadonlyMap<JsonObject, HTMLInputElement>
  readonly body: HTMLTextAreaElement | null
  readonly file: HTMLInputElement | null
}

interface FormRequest {
  readonly url: string
  readonly init: RequestInit & { readonly headers: Record<string, string> }
}

/** A form that sends a request, and shows what was answered. */
export function tryForm(method: string, path: string, operation: JsonObject): HTMLElement {
  const parameters: JsonObject[] = (operation['parameters'] ?? []).map(resolve)
  const inputs = new Map(parameters.map(one => [one, inputFor(one)]))
  const form: Form = { method, path, inputs, body: bodyFor(operation), file: fileFor(method, operation) }
  const line = h('pre', { class: 'curl' })
  const result = h('div', { class: 'result', 'aria-live': 'polite' })
  const preview = (): void => show(line, curlOf(form))
  preview()
  return h(
    'form',
    {
      class: 'try',
      input: preview,
      submit: event => {
        event.preventDefault()
        void send(form, result)
      },
    },
    ...groupsOf(inputs),
    form.body && h('label', { class: 'wide' }, h('span', {}, 'Body'), form.body),
    form.file && h('label', { class: 'wide' }, h('span', {}, 'File'), form.file),
    line,
    h('div', { class: 'buttons' }, h('button', { class: 'send' }, `Send ${method}`), followButton(form, operation)),
    result,
  )
}

function inputFor(parameter: JsonObject): HTMLInputElement {
  const input = h('input', {
    placeholder: placeholderOf(parameter),
    'aria-label': parameter['name'],
    spellcheck: 'false',
  }) as HTMLInputElement
  if (parameter['in'] === 'path') input.value = '1'
  if (parameter['required'] && parameter['name'] === 'If-Match') input.value = '*'
  return input
}

/** Begins with an example. null if the operation takes no JSON. */
function bodyFor(operation: JsonObject): HTMLTextAreaElement | null {
  const schema = operation['requestBody']?.content?.['application/json']?.schema as JsonObject | undefined
  if (!schema) return null
  const body = h('textarea', { spellcheck: 'false', 'aria-label': 'Body' }) as HTMLTextAreaElement
  body.value = JSON.stringify(sampleOf(page.document, schema), null, 2)
  body.rows = Math.min(16, Math.max(4, body.value.split('\n').length))
  return body
}

/** null if the bytes of a file are not what the operation takes as its body. */
function fileFor(method: string, operation: JsonObject): HTMLInputElement | null {
  if (method !== 'PUT' || operation['x-file'] === undefined) return null
  const types = Object.keys(operation['requestBody']?.content ?? {})
  return h('input', { type: 'file', accept: types.join(','), 'aria-label': 'File' }) as HTMLInputElement
}

/** The parameters, folded by what they are for. Only what most requests need is open. */
function groupsOf(inputs: Form['inputs']): (HTMLElement | null)[] {
  const all = [...inputs]
  const isHeader = (one: JsonObject): boolean => one['in'] === 'header'
  const isCondition = (one: JsonObject): boolean => 'x-operator' in one
  const conditions = all.filter(([one]) => isCondition(one))
  const headers = all.filter(([one]) => isHeader(one) && !isCondition(one))
  return [
    groupOf(
      'Parameters',
      all.filter(([one]) => !isHeader(one) && !isCondition(one)),
      true,
    ),
    groupOf(`Conditions (${conditions.length})`, conditions, false),
    groupOf(
      'Header fields',
      headers,
      headers.some(([one]) => one['required']),
    ),
  ]
}

function groupOf(title: string, some: readonly [JsonObject, HTMLInputElement][], open: boolean): HTMLElement | null {
  if (some.length === 0) return null
  const labels = some.map(([one, input]) =>
    h('label', { title: one['description'] ?? '' }, h('span', {}, one['name'], one['required'] ? ' *' : ''), input),
  )
  return h('details', open ? { open } : {}, h('summary', {}, title), h('div', { class: 'inputs' }, labels))
}

function followButton(form: Form, operation: JsonObject): HTMLElement | null {
  if (form.method !== 'GET' || !operation['responses']?.['200']?.content?.['text/event-stream']) return null
  const follow = (): void => followLive(requestOf(form).url.slice(baseOf().length))
  return h('button', { type: 'button', click: follow }, 'Follow live')
}

/** The request that the form describes as it is filled in now. */
function requestOf({ method, path, inputs, body, file }: Form): FormRequest {
  let at = path
  const query: string[] = []
  const headers: Record<string, string> = { accept: 'application/json' }
  if (page.token) headers['authorization'] = /^\w+ /.test(page.token) ? page.token : `Bearer ${page.token}`
  for (const [one, { value }] of inputs) {
    const name: string = one['name']
    if (one['in'] === 'path') at = at.replace(`{${name}}`, encodeURIComponent(value))
    else if (value === '' && one['required'] !== true) continue
    else if (one['in'] === 'header') headers[name.toLowerCase()] = value
    else query.push(`${name.replaceAll(/[^\w.[\]-]/g, encodeURIComponent)}=${encodeURIComponent(value)}`)
  }
  if (body) headers['content-type'] = 'application/json'
  const chosen = file?.files?.[0]
  if (chosen) {
    headers['content-type'] = chosen.type || 'application/octet-stream'
    headers['content-disposition'] ??= `attachment; filename*=UTF-8''${encodeURIComponent(chosen.name)}`
  }
  const url = baseOf() + at + (query.length ? `?${query.join('&')}` : '')
  const sent = body ? body.value : file ? (chosen ?? '') : undefined
  return { url, init: { method, headers, ...(sent === undefined ? {} : { body: sent }) } }
}

/** The same request for a shell. The token is left out, so that the line can be passed on. */
function curlOf(form: Form): string {
  const { method, body, file } = form
  const { url, init } = requestOf(form)
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), '-g', quoted(url)]
  for (const [name, value] of Object.entries(init.headers))
    if (name === 'authorization') parts.push('-H', '"authorization: Bearer $TOKEN"')
    else if (name !== 'accept') parts.push('-H', quoted(`${name}: ${value}`))
  if (body) parts.push('-d', quoted(compact(body.value)))
  if (file) parts.push('-T', quoted(file.files?.[0]?.name ?? 'FILE'))
  return parts.join(' ')
}

async function send(form: Form, result: HTMLElement): Promise<void> {
  const { url, init } = requestOf(form)
  show(result, h('p', { class: 'wait' }, 'Sending …'))
  const began = performance.now()
  try {
    const response = await fetch(url, init)
    const text = await textOf(response)
    showAnswer(result, response, text, performance.now() - began)
  } catch (error) {
    show(result, h('p', { class: 'error' }, `No answer: ${String(error)}`))
  }
}

function showAnswer(result: HTMLElement, response: Response, text: string, took: number): void {
  const fields = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const type = response.headers.get('content-type') ?? ''
  let shown: Node
  try {
    shown = /json/.test(type) && text !== '' ? jsonView(JSON.parse(text)) : h('pre', {}, text)
  } catch {
    shown = h('pre', {}, text)
  }
  show(
    result,
    h(
      'p',
      { class: 'status' },
      h('b', { class: response.ok ? 'good' : 'bad' }, `${response.status} ${response.statusText}`),
      ` in ${Math.round(took)} ms`,
    ),
    h('details', {}, h('summary', {}, 'Header fields'), h('pre', {}, fields)),
    text === '' ? h('p', { class: 'wait' }, 'No body') : shown,
  )
}

/** What can be read of an answer; of a file that is no text, how long it is. */
async function textOf(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? ''
  if (response.headers.get('accept-ranges') !== 'bytes' || type.startsWith('text/')) return response.text()
  const { size } = await response.blob()
  return `${size} bytes of ${type}`
}

function placeholderOf(one: JsonObject): string {
  const schema: JsonObject = one['schema'] ?? {}
  const standard = schema['default'] === undefined ? '' : String(schema['default'])
  const example = schema['items']?.enum?.[0] ?? schema['items']?.examples?.[0] ?? schema['enum']?.[0]
  return standard || (example === undefined ? (schema['type'] ?? '') : `like ${String(example)}`)
}

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
