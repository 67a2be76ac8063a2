import { description } from '../server/description.ts'
import type { WireFrame } from '../server/frames.ts'
import { idOf } from '../server/ids.ts'
import { base } from '../server/settings.ts'
import { plainText } from '../ui/words.ts'

/** The frame as others would send it, each with a title. Tokens are left out, so that it can be passed on. */
export function commandsOf({ carrier, direction, head, text }: WireFrame): [title: string, text: string][] {
  if (direction === 'in' || head === 'open' || head === 'auth') return []
  if (carrier === 'ws') {
    if (!text.startsWith('{')) return []
    const message = JSON.parse(text) as Readonly<Record<string, unknown>>
    const socket = quoted(base.replace(/^http/, 'ws'))
    // Messages of the envelope go over a socket without a subprotocol.
    const protocol = 'op' in message ? ' -s restuary.1' : ''
    const code = clientCode(message)
    return [
      ['wscat', `wscat -c ${socket}${protocol} -x ${quoted(text)}`],
      ...(code ? [['client', code] as [string, string]] : []),
    ]
  }
  const [method = 'GET', path = ''] = head.split(/ (.*)/)
  const hasBody = text !== '' && text !== '(bytes)'
  const url = new URL(path, base).href
  const accept = carrier === 'sse' ? ` -N -H 'accept: text/event-stream'` : ''
  const body = hasBody ? ` -H 'content-type: application/json' -d ${quoted(text)}` : ''
  const own = path.slice(new URL(base).pathname.replace(/\/$/, '').length)
  return [
    ['curl', `curl -g ${method === 'GET' ? '' : `-X ${method} `}${quoted(url)}${accept}${body}`],
    ['client', `await api.$request('${method}', ${JSON.stringify(own)}${hasBody ? `, { data: ${text} }` : ''})`],
  ]
}

const methods: Readonly<Record<string, string>> = {
  list: 'GET',
  get: 'GET',
  create: 'POST',
  replace: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}

/** What a message of restuary.1 is with the client; null if the client has no words for it. */
function clientCode({ op, uri, data, params }: Readonly<Record<string, unknown>>): string | null {
  const words = (params ?? {}) as Readonly<Record<string, unknown>>
  if (op === 'subscribe') return liveCode(String(uri), words)
  const method = methods[String(op)]
  if (method === undefined) return null
  const query = Object.entries(words).map(([name, value]) => `${name}=${encodeURIComponent(queryText(value))}`)
  const target = query.length > 0 ? `${String(uri)}?${query.join('&')}` : String(uri)
  const body = data === undefined ? '' : `, { data: ${JSON.stringify(data)} }`
  return `await api.$request('${method}', ${JSON.stringify(target)}${body})`
}

const queryText = (value: unknown): string => (Array.isArray(value) ? value.join(',') : plainText(value))

/** A subscription with the client, as far as it has options for the words of its query. */
function liveCode(uri: string, params: Readonly<Record<string, unknown>>): string | null {
  const { pathname, searchParams } = new URL(uri, base)
  const resource = description.value!.resources.find(({ path }) => `${pathname}/`.startsWith(`${path}/`))
  if (!resource) return null
  const options: Record<string, unknown> = { ...params }
  for (const [name, text] of searchParams) {
    const read = optionReaders[name]
    if (!read) return null
    options[name] = read(text)
  }
  const id = pathname.slice(resource.path.length + 1)
  if (id.includes('/')) return null
  const given = [
    ...(id === '' ? [] : [JSON.stringify(idOf(decodeURIComponent(id)))]),
    ...(Object.keys(options).length === 0 ? [] : [JSON.stringify(options)]),
  ].join(', ')
  return `api[${JSON.stringify(resource.name)}].live(${given}).subscribe(({ rows }) => console.log(rows))`
}

const words = (text: string): string[] => text.split(',')
const optionReaders: Readonly<Record<string, (text: string) => unknown>> = {
  filter: text => JSON.parse(text) as unknown,
  sort: words,
  fields: words,
  include: words,
  limit: Number,
  offset: Number,
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
