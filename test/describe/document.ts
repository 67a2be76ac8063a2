import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export type Json = Record<string, any>

/** One operation of a document. */
export interface Described {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly operation: Json
}

/** An answer, and its request. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** An OpenAPI document from which requests are made and against which answers are checked. */
export class Document {
  readonly json: Json
  readonly operations: readonly Described[]
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
  #count = 0

  constructor(json: Json) {
    this.json = json
    addFormats.default(this.#ajv)
    this.#ajv.addFormat('password', true)
    this.#ajv.addSchema({ $id: 'document', ...json })
    this.operations = Object.entries(json['paths'] as Json).flatMap(([path, item]) =>
      Object.entries(item as Json).map(([method, operation]) => ({
        id: operation.operationId,
        method: method.replace('x-', '').toUpperCase(),
        path,
        operation,
      })),
    )
  }

  resolve(node: Json): Json {
    const ref: unknown = node['$ref']
    if (typeof ref !== 'string') return node
    return ref
      .slice(2)
      .split('/')
      .reduce<Json>((at, key) => at[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')]!, this.json)
  }

  /** Every way in which an answer is not as described; empty = it is. `shaped`: the query says how rows are shown. */
  faults({ path, method, operation }: Described, { status, headers, text }: Answered, shaped = false): string[] {
    const at = `${method} ${path} → ${status}`
    const key = Object.hasOwn(operation['responses'], status) ? String(status) : 'default'
    if (key === 'default' && status < 500) return [`${at}: the status is not described: ${text.slice(0, 200)}`]
    const response = this.resolve(operation['responses'][key])
    const missing = headers.has('etag') && key === '200' && !('ETag' in (response['headers'] ?? {}))
    const faults = missing ? [`${at}: ETag is not described`] : []
    if (!response['content']) return text === '' ? faults : [...faults, `${at}: a body that is not described`]
    if (text === '') return faults
    const type = (headers.get('content-type') ?? '').split(';')[0]!
    const content = Object.keys(response['content']).find(one => one.split(';')[0] === type)
    if (content === undefined) return [...faults, `${at}: ${type} is not described`]
    if (!type.endsWith('json')) return faults
    const { schema: plain, 'x-shaped-schema': other } = response['content'][content]
    const schema = shaped && other ? other : plain
    return [...faults, ...this.invalid(schema, JSON.parse(text)).map(one => `${at}: ${one}`)]
  }

  /** The faults of a value by a schema of the document. */
  invalid(schema: Json, value: unknown): string[] {
    const id = `of ${this.#count++}`
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components')) as Json
    const validate = this.#ajv.compile({ $id: id, ...absolute })
    if (validate(value)) return []
    return (validate.errors ?? []).map(one => `${one.instancePath} ${one.message ?? ''} in ${JSON.stringify(value)}`)
  }

  /** A value that a schema takes, unlike those that were made before where its strings are free. */
  sample(given: Json): unknown {
    const schema = this.resolve(given)
    if ('const' in schema) return schema['const']
    if (schema['enum']) return schema['enum'][0]
    if (schema['anyOf']) return this.sample(schema['anyOf'][0])
    if (schema['default'] !== undefined) return schema['default']
    const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
    switch (type) {
      case 'object': {
        const required: string[] = schema['required'] ?? []
        return Object.fromEntries(required.map(name => [name, this.sample(schema['properties'][name])]))
      }
      case 'array':
        if (schema['minItems'] && schema['examples']?.length) return schema['examples'][0]
        return Array.from({ length: schema['minItems'] ?? 0 }, () => this.sample(schema['items']))
      case 'integer':
      case 'number':
        return Math.max(schema['minimum'] ?? 1, Math.min(1, schema['maximum'] ?? 1))
      case 'boolean':
        return false
      case 'string':
        return this.#text(schema)
      default:
        return null
    }
  }

  #text(schema: Json): string {
    const n = ++this.#count
    switch (schema['format']) {
      case 'date':
        return '2026-01-31'
      case 'date-time':
        return '2026-01-31T00:00:00Z'
      case 'email':
        return `ann${n}@example.com`
      case 'uri':
        return `https://example.com/${n}`
      case 'uuid':
        return '0193a3c0-0000-7000-8000-000000000000'
    }
    if (schema['contentMediaType']) return '{}'
    if (schema['examples']) return schema['examples'][0]
    if (schema['pattern']) return '0'
    const text = n.toString(36).padStart(Math.max(2, schema['minLength'] ?? 0), 'x')
    return text.slice(-(schema['maxLength'] ?? 100))
  }
}
