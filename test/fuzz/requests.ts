import type { Random } from '../property/live-oracle/random.ts'
import { Values } from './values.ts'

/** A request before it is written as bytes of any face. */
export interface Asking {
  readonly method: string
  /** As the document has it: `/task/{id}`. */
  readonly template: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON, or a text that may be no JSON. */
  readonly body: { readonly value: unknown } | { readonly text: string } | null
}

interface Operation {
  readonly method: string
  readonly template: string
  readonly parameters: readonly any[]
  readonly body: { readonly type: string; readonly schema: any } | null
}

const FILTERS = [
  '{"id":{"$gt":3}}',
  '{"name":{"$icontains":"p1"}}',
  '{"$or":[{"id":1},{"id":2}]}',
  '{"owner":{"name":"p1"}}',
  '{"tasks":{"$some":{"done":true}}}',
  '{"tags":{"$hasAny":["a","b"]}}',
  '{"people":{"$size":1}}',
]
const SORTS = ['id', '-id', 'name', '-title', 'owner.name', 'rank', '-level']

/** Makes requests from the grammar that the API tells of itself, and mutations of them. */
export class Requests {
  readonly values: Values
  readonly #random: Random
  readonly #operations: readonly Operation[]
  readonly #ids: (name: string) => readonly string[]

  /** `ids` = the ids that a resource has by now, as they stand in paths. */
  constructor(
    random: Random,
    document: any,
    ids: (name: string) => readonly string[],
    accepts: (template: string) => boolean = () => true,
  ) {
    this.#random = random
    this.#ids = ids
    this.values = new Values(random, document, () => ids('team'))
    this.#operations = operationsOf(document).filter(({ template }) => accepts(template))
  }

  /** A request as it should be. */
  fitting(): Asking {
    const random = this.#random
    let operation = random.pick(this.#operations)
    // Rows that are deleted are missed by all that follows, and most rows are not related to most others.
    while ((operation.method === 'DELETE' || operation.template.includes('relatedId')) && random.chance(0.85))
      operation = random.pick(this.#operations)
    const { method, template, parameters, body } = operation
    const headers: Record<string, string> = {}
    const query: string[] = []
    for (const one of parameters) {
      if (one.in === 'path' || (!one.required && !random.chance(0.15))) continue
      const text = this.#parameter(one)
      if (text === null) continue
      if (one.in === 'header') headers[one.name.toLowerCase()] = text
      else query.push(`${encodeURIComponent(one.name)}=${encodeURIComponent(text)}`)
    }
    if ('idempotency-key' in headers) headers['idempotency-key'] = `k${random.int(1e9)}`
    if (body) headers['content-type'] = body.type
    return {
      method,
      template,
      path: template.replace(/\{[^}]+\}/g, word => encodeURIComponent(this.#id(template, word))),
      query: query.join('&'),
      headers,
      body: body ? { value: this.values.of(body.schema) } : null,
    }
  }

  /** A request with one to three faults in it. */
  faulty(): Asking {
    let asking = this.fitting()
    for (let i = 1 + this.#random.int(3); i > 0; i--) asking = this.#mutate(asking)
    return asking
  }

  #mutate(asking: Asking): Asking {
    const random = this.#random
    const { body } = asking
    switch (random.int(8)) {
      case 0:
        return { ...asking, method: random.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'QUERY']) }
      case 1:
        return {
          ...asking,
          path: asking.path + random.pick(['/', '/1', '/%00', '/..', '/nope', '%', '/%ff', '~', '//']),
        }
      case 2:
        return { ...asking, query: `${asking.query}&${random.pick(JUNK)}` }
      case 3:
        return { ...asking, headers: { ...asking.headers, ...random.pick(HEADERS) } }
      case 4:
        if (body && 'value' in body) return { ...asking, body: { text: this.#torn(JSON.stringify(body.value)) } }
        return { ...asking, path: asking.path.replace(/[^/]+$/, () => encodeURIComponent(text(this.values.odd()))) }
      case 5:
        return { ...asking, body: { value: this.values.odd() } }
      default:
        if (body && 'value' in body) return { ...asking, body: { value: this.values.spoiled(body.value) } }
        return {
          ...asking,
          query: `${asking.query}&filter=${encodeURIComponent(JSON.stringify(this.values.spoiled(JSON.parse(random.pick(FILTERS)))))}`,
        }
    }
  }

  #torn(json: string): string {
    const at = this.#random.int(json.length + 1)
    return (
      json.slice(0, at) +
      this.#random.pick(['', '"', '}', ',', '\\u00', '1e999', '\u0001']) +
      json.slice(at + this.#random.int(3))
    )
  }

  #parameter({ name, schema, content }: any): string | null {
    const random = this.#random
    if (name === 'filter') return random.pick(FILTERS)
    if (name === 'sort') return random.pick(SORTS)
    if (name === 'limit') return String(1 + random.int(20))
    if (name === 'fields' || name === 'include' || name === 'cursor' || name === 'at' || name === 'before') return null
    if (/^(?:If-|Prefer|Last-Event|Position|Accept|Range)/i.test(name)) return null
    const value = this.values.of(schema ?? content?.['application/json']?.schema)
    // As the document says: lists of conditions are joined by commas.
    if (Array.isArray(value)) return value.length === 0 ? null : value.join(',')
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }

  #id(template: string, word: string): string {
    const [, resource = '', , relation = ''] = template.split('/')
    const ids = this.#ids(word === '{id}' ? resource : (RELATED[relation] ?? resource))
    return ids.length === 0 || this.#random.chance(0.05) ? String(this.#random.int(50)) : this.#random.pick(ids)
  }
}

/** The resources that relations lead to. */
const RELATED: Readonly<Record<string, string>> = {
  reports: 'person',
  friends: 'person',
  people: 'person',
  tasks: 'task',
  skills: 'skill',
}

const text = (value: unknown): string => (typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value))

const JUNK = [
  'filter=%7B',
  'sort=nope',
  'limit=-1',
  'limit=1e9',
  'offset=99999999',
  'cursor=AAAA',
  'depth=99',
  'include=a.b.c.d.e',
  'fields=',
  'at=zzzzzz.1',
  'history=1',
  'total=maybe',
  '%ff=1',
  '__proto__=1',
  'id[gt]=x',
  'a'.repeat(500),
]
const HEADERS: readonly Record<string, string>[] = [
  { accept: 'text/csv' },
  { accept: `${'a/b;q=0.1,'.repeat(300)}*/*` },
  { accept: 'application/xml' },
  { accept: 'application/hal+json' },
  { accept: 'nothing/known' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json-patch+json' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'if-match': '"nope"' },
  { 'if-none-match': `${'"a",'.repeat(500)}W/"b"` },
  { 'if-modified-since': 'yesterday' },
  { prefer: 'return=minimal, handling=lenient, wait=1, respond-async' },
  { authorization: 'Bearer x.y.z' },
  { cookie: 'a=b; __Host-session=zzz' },
  { range: 'bytes=0-' },
  { 'idempotency-key': 'same' },
  { 'content-encoding': 'gzip' },
  { 'x-http-method-override': 'DELETE' },
]

function operationsOf(document: any): Operation[] {
  const operations: Operation[] = []
  const resolve = (one: any): any =>
    typeof one?.$ref === 'string'
      ? resolve(
          one.$ref
            .slice(2)
            .split('/')
            .reduce((at: any, key: string) => at[key.replaceAll('~1', '/')], document),
        )
      : one
  for (const [template, item] of Object.entries<any>(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const one = item[method]
      if (!one) continue
      const parameters = [...(item.parameters ?? []), ...(one.parameters ?? [])].map(resolve)
      const [type, content] = Object.entries<any>(resolve(one.requestBody)?.content ?? {})[0] ?? []
      operations.push({
        method: method.toUpperCase(),
        template,
        parameters,
        body: type === undefined ? null : { type, schema: content.schema },
      })
    }
  }
  return operations
}
