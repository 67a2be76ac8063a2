// Runs in browsers, as text that is served. See scripts/browser.ts.
import { fillElement, h, jsonView, show } from './element.ts'
import { followLive } from './live.ts'
import { page, baseOf, resolve, sampleOf, type JsonObject } from './schema.ts'

/** A form that sends a request, and shows what was answered. */
export function tryForm(method: string, path: string, operation: JsonObject): HTMLElement {
  const parameters: JsonObject[] = (operation['parameters'] ?? []).map(resolve)
  const inputs = new Map<JsonObject, HTMLInputElement>()
  const field = (one: JsonObject): HTMLElement => {
    const input = h('input', {
      placeholder: placeholderOf(one),
      'aria-label': one['name'],
      spellcheck: 'false',
    }) as HTMLInputElement
    if (one['in'] === 'path') input.value = '1'
    if (one['required'] && one['name'] === 'If-Match') input.value = '*'
    input.addEventListener('input', () => preview())
    inputs.set(one, input)
    return h(
      'label',
      { title: one['description'] ?? '' },
      h('span', {}, one['name'], one['required'] ? ' *' : ''),
      input,
    )
  }
  const isCondition = (one: JsonObject): boolean => 'x-operator' in one
  const plain = parameters.filter(one => one['in'] !== 'header' && !isCondition(one))
  const conditions = parameters.filter(isCondition)
  const headers = parameters.filter(one => one['in'] === 'header')
  const schema = operation['requestBody']?.content?.['application/json']?.schema as JsonObject | undefined
  const body = schema
    ? (h('textarea', { rows: '6', spellcheck: 'false', 'aria-label': 'Body' }) as HTMLTextAreaElement)
    : null
  if (body && schema) {
    body.value = JSON.stringify(sampleOf(schema), null, 2)
    body.rows = Math.min(16, Math.max(4, body.value.split('\n').length))
    body.addEventListener('input', () => preview())
  }

  // The bytes of a file are the body.
  const types = Object.keys(operation['requestBody']?.content ?? {})
  const file =
    method === 'PUT' && operation['x-file'] !== undefined
      ? (h('input', { type: 'file', accept: types.join(','), 'aria-label': 'File' }) as HTMLInputElement)
      : null
  file?.addEventListener('input', () => preview())

  const request = (): { url: string; init: RequestInit & { headers: Record<string, string> } } => {
    let at = path
    const query: string[] = []
    const fields: Record<string, string> = { accept: 'application/json' }
    if (page.token) fields['authorization'] = /^\w+ /.test(page.token) ? page.token : `Bearer ${page.token}`
    for (const [one, input] of inputs) {
      const name: string = one['name']
      const value = input.value
      if (one['in'] === 'path') at = at.replace(`{${name}}`, encodeURIComponent(value))
      else if (value === '' && one['required'] !== true) continue
      else if (one['in'] === 'header') fields[name.toLowerCase()] = value
      else query.push(`${name.replaceAll(/[^\w.[\]-]/g, encodeURIComponent)}=${encodeURIComponent(value)}`)
    }
    if (body) fields['content-type'] = 'application/json'
    const chosen = file?.files?.[0]
    if (chosen) {
      fields['content-type'] = chosen.type || 'application/octet-stream'
      fields['content-disposition'] ??= `attachment; filename*=UTF-8''${encodeURIComponent(chosen.name)}`
    }
    const url = baseOf() + at + (query.length ? `?${query.join('&')}` : '')
    const sent = body ? body.value : file ? (chosen ?? '') : undefined
    return { url, init: { method, headers: fields, ...(sent === undefined ? {} : { body: sent }) } }
  }

  const line = h('pre', { class: 'curl' })
  const preview = (): void => {
    const { url, init } = request()
    const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
    const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), '-g', quoted(url)]
    for (const [name, value] of Object.entries(init.headers))
      if (name === 'authorization') parts.push('-H', '"authorization: Bearer $TOKEN"')
      else if (name !== 'accept') parts.push('-H', quoted(`${name}: ${value}`))
    if (body) parts.push('-d', quoted(compact(body.value)))
    if (file) parts.push('-T', quoted(file.files?.[0]?.name ?? 'FILE'))
    show(line, parts.join(' '))
  }

  const result = h('div', { class: 'result', 'aria-live': 'polite' })
  const send = async (): Promise<void> => {
    const { url, init } = request()
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
  const form = h('form', {
    class: 'try',
    submit: event => {
      event.preventDefault()
      void send()
    },
  })
  const group = (title: string, some: JsonObject[], open: boolean): HTMLElement | null =>
    some.length === 0
      ? null
      : h(
          'details',
          open ? { open: true } : {},
          h('summary', {}, title),
          h('div', { class: 'inputs' }, some.map(field)),
        )
  fillElement(form, [
    group('Parameters', plain, true),
    group(`Conditions (${conditions.length})`, conditions, false),
    group(
      'Header fields',
      headers,
      headers.some(one => one['required']),
    ),
    body && h('label', { class: 'wide' }, h('span', {}, 'Body'), body),
    file && h('label', { class: 'wide' }, h('span', {}, 'File'), file),
    line,
    h(
      'div',
      { class: 'buttons' },
      h('button', { class: 'send' }, `Send ${method}`),
      method === 'GET' && operation['responses']?.['200']?.content?.['text/event-stream']
        ? h('button', { type: 'button', click: () => followLive(request().url.slice(baseOf().length)) }, 'Follow live')
        : null,
    ),
    result,
  ])
  preview()
  return form
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
