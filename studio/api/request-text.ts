import type { OperationInfo } from '../server/fields.ts'
import { base } from '../server/settings.ts'

/** A request as the form describes it. */
export interface PlannedRequest {
  readonly method: string
  /** Below the API, with its query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly info: OperationInfo
}

export type ExampleLanguage = 'curl' | 'client' | 'native' | 'socketio' | 'python'

export const exampleLanguages: readonly { readonly name: ExampleLanguage; readonly title: string }[] = [
  { name: 'curl', title: 'curl' },
  { name: 'client', title: 'Client' },
  { name: 'native', title: 'restuary.1' },
  { name: 'socketio', title: 'Socket.IO' },
  { name: 'python', title: 'Python' },
]

/** The request in the words of those who would write it. Tokens are left out, so that it can be passed on. */
export function requestAs(language: ExampleLanguage, request: PlannedRequest): string {
  const { method, target, headers, body } = request
  const text = body === null ? null : compact(body)
  switch (language) {
    case 'curl': {
      const fields = Object.entries({ ...headers, ...(text !== null && { 'content-type': 'application/json' }) })
      const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), '-g', quoted(base + target)]
      for (const [name, value] of fields) parts.push('-H', quoted(`${name}: ${value}`))
      if (text !== null) parts.push('-d', quoted(text))
      return parts.join(' ')
    }
    case 'client':
      return `await api.$request('${method}', ${JSON.stringify(target)}${text === null ? '' : `, { data: ${text} }`})`
    case 'native': {
      const word = request.info.operation['x-operation'] as string | undefined
      const known = ['list', 'get', 'create', 'replace', 'patch', 'delete']
      const op = word && known.includes(word) ? { op: word } : { op: 'act', method }
      const data = text === null ? '' : `,"data":${text}`
      return `${JSON.stringify({ id: 1, ...op, uri: target }).slice(0, -1)}${data}}`
    }
    case 'socketio':
      return socketioText(request, text)
    case 'python':
      return [
        'import httpx',
        '',
        `response = httpx.request(${JSON.stringify(method)}, ${JSON.stringify(base + target)}${text === null ? '' : `, content=${JSON.stringify(text)}, headers={"content-type": "application/json"}`})`,
        'print(response.status_code, response.text)',
      ].join('\n')
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

/** The events of Socket.IO. What they do not know goes over HTTP. */
function socketioText({ method, target, info }: PlannedRequest, data: string | null): string {
  const uri = JSON.stringify(target)
  const connect = `const socket = io('${base}')\n`
  switch (info.operation['x-operation']) {
    case 'list':
    case 'get':
      return `${connect}socket.on('state', ({ uri, resource }) => console.log(uri, resource))\nsocket.emit('subscribe', ${uri})`
    case 'create':
      return `${connect}socket.emit('create', { uri: ${uri}, attributes: ${data ?? '{}'} }, console.log)`
    case 'patch':
      return `${connect}socket.emit('patch', { uri: ${uri}, patch: ${data ?? '{}'} }, console.log)`
    case 'delete':
      return `${connect}socket.emit('delete', { uri: ${uri} }, console.log)`
    default:
      return `// Socket.IO has no event for ${method} ${info.path}: use HTTP or restuary.1.`
  }
}
