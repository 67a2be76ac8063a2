import type { Answered, Described, Document, Json } from './document.ts'

type Send = (path: string, init: RequestInit) => Promise<Response>

/**
 * Calls all operations of a document with all their query parameters, and checks the answers against it. Rows are created first
 * and deleted last. Reports faults line by line, and operations that never succeeded.
 */
export class Caller {
  readonly #document: Document
  readonly #send: Send
  /** Ids of rows by resource; those reached through a relation by it, with their parents. */
  readonly #ids = new Map<string, { readonly id: unknown; readonly parent: unknown; readonly row: Json }>()
  readonly #succeeded = new Set<string>()
  readonly #refused = new Map<string, string>()
  readonly faults: string[] = []
  /** Requests that were made. */
  calls = 0

  constructor(document: Document, send: Send) {
    this.#document = document
    this.#send = send
  }

  async callAll(): Promise<void> {
    const { operations } = this.#document
    const of = (...methods: string[]): Described[] => operations.filter(one => methods.includes(one.method))
    // An operation that needs a row of another resource succeeds once that exists.
    const made = of('POST').filter(one => one.operation['x-operation'] === 'create')
    for (let round = 0; round < 3; round++) {
      for (const one of made) if (!this.#succeeded.has(one.id)) await this.#call(one)
    }
    for (const one of made) if (!this.#succeeded.has(one.id)) await this.#call(one)
    for (const one of of('POST')) if (!made.includes(one)) await this.#call(one)
    for (const one of of('GET')) {
      await this.#call(one)
      // A list through a relation has the same parameters as the list itself.
      if (one.operation['x-through']) continue
      for (const parameter of this.#queryOf(one)) await this.#call(one, parameter)
    }
    for (const one of of('QUERY')) await this.#call(one)
    for (const one of of('PATCH', 'PUT', 'DELETE')) {
      // A write may have taken the row out of its relation, or away.
      for (const maker of made) if (makesFor(maker, one)) await this.#call(maker)
      await this.#call(one)
    }
    this.faults.push(
      ...operations
        .filter(one => !this.#succeeded.has(one.id))
        .map(one => `${one.method} ${one.path} never succeeded: ${this.#refused.get(one.id) ?? 'never called'}`),
    )
  }

  #queryOf({ operation }: Described): Json[] {
    const parameters: Json[] = operation['parameters'] ?? []
    // A made-up cursor or position is refused, and so it should be.
    return parameters
      .map(one => this.#document.resolve(one))
      .filter(one => one['in'] === 'query' && one['name'] !== 'cursor' && one['name'] !== 'before')
  }

  async #call(described: Described, parameter?: Json): Promise<void> {
    const { method, operation } = described
    const path = this.#pathOf(described)
    if (path === null) return
    const body = this.#bodyOf(described)
    const query = parameter
      ? `?${encodeURIComponent(parameter['name'])}=${encodeURIComponent(this.#valueOf(parameter))}`
      : ''
    const response = await this.#send(path + (query || this.#keyOf(described)), {
      method,
      headers: { ...this.#headersOf(operation), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    this.calls++
    const answered: Answered = { status: response.status, headers: response.headers, text: await response.text() }
    if (response.ok) {
      this.#succeeded.add(described.id)
      if (method === 'POST' && operation['x-operation'] === 'create') this.#remember(operation, path, answered.text)
    } else this.#refused.set(described.id, answered.text)
    if (!response.ok && parameter) this.faults.push(`${method} ${path}${query} → ${response.status} ${answered.text}`)
    const shaped = ['depth', 'include', 'fields'].includes(parameter?.['name'])
    this.faults.push(...this.#document.faults(described, answered, shaped))
  }

  #remember(operation: Json, path: string, text: string): void {
    const row = JSON.parse(text) as Json
    const parent = decodeURIComponent(path.split('/').at(-2)!)
    this.#ids.set(operation['x-through'] ?? operation['x-resource'], { id: row['id'], parent, row })
  }

  /** The path with ids of rows that were made; null if there is none yet. */
  #pathOf({ path, operation }: Described): string | null {
    const through: string | undefined = operation['x-through']
    const reached = through !== undefined && path.includes('{relatedId}') ? this.#ids.get(through) : undefined
    const first = this.#ids.get(through === undefined ? operation['x-resource'] : through.split('.')[0]!)
    let missing = false
    const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
      const id = name === 'relatedId' ? reached?.id : (reached?.parent ?? first?.id)
      missing ||= id === undefined
      return encodeURIComponent(String(id))
    })
    return missing ? null : filled
  }

  #bodyOf(described: Described): unknown {
    const schema = described.operation['requestBody']?.content['application/json']?.schema
    if (!schema) return undefined
    const body = this.#document.sample(schema)
    return isByKey(described) ? { ...(body as Json), ...this.#rowKey(described) } : body
  }

  /** The unique key of a row that was made. */
  #rowKey(described: Described): Json {
    const name: string = this.#queryOf(described)[0]!['name']
    return { [name]: this.#ids.get(described.operation['x-resource'])!.row[name] }
  }

  #headersOf(operation: Json): Record<string, string> {
    const required = (operation['parameters'] ?? []).filter((one: Json) => one['in'] === 'header' && one['required'])
    return Object.fromEntries(
      required.map((one: Json) => [one['name'], one['name'] === 'If-Match' ? '*' : `"key${this.calls}"`]),
    )
  }

  /** The key of a row that is named by it, and arguments that must be there. */
  #keyOf(described: Described): string {
    const query = this.#queryOf(described)
    // Writes of many rows want to know which: here, those that have an id.
    const has = query.find(one => one['x-operator'] === 'null')
    if (has && described.method !== 'GET') return `?${encodeURIComponent(has['name'])}=false`
    const said: Json = isByKey(described)
      ? this.#rowKey(described)
      : Object.fromEntries(query.filter(one => one['required']).map(one => [one['name'], this.#valueOf(one)]))
    const pairs = new URLSearchParams(said)
    return pairs.size === 0 ? '' : `?${pairs.toString()}`
  }

  #valueOf({ schema }: Json): string {
    const value = schema.type === 'array' ? [this.#document.sample(schema.items)] : this.#document.sample(schema)
    return Array.isArray(value) ? value.join(',') : String(value)
  }
}

/** PUT on a list names its row by a unique key. */
const isByKey = ({ method, path }: Described): boolean => method === 'PUT' && !path.endsWith('}')

/** Whether an operation creates what another one needs: a row of its kind or, for one through a relation, its parent. */
function makesFor(maker: Described, { operation }: Described): boolean {
  const through: string | undefined = operation['x-through']
  const makes = maker.operation
  if (makes['x-through'] !== undefined) return makes['x-through'] === through
  return makes['x-resource'] === (through === undefined ? operation['x-resource'] : through.split('.')[0])
}
