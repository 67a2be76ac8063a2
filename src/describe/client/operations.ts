import type { OperationTable } from './browser/methods.ts'

type Json = Readonly<Record<string, unknown>>

/** One operation of a description, with what a client needs of it. */
export interface ClientOperation {
  /** Where it stands in the client: `['list', 'todos', 'create']`. */
  readonly at: readonly string[]
  readonly method: string
  readonly path: string
  readonly operation: Json
}

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']

/**
 * The operations that an OpenAPI document of ours describes, by resource and relation. Words that a resource has twice
 * (an action or a relation called like one of its operations) go to the first.
 */
export function operationsIn(document: Json): ClientOperation[] {
  const taken = new Set<string>()
  const found: ClientOperation[] = []
  for (const [path, item] of Object.entries((document['paths'] ?? {}) as Readonly<Record<string, Json>>)) {
    for (const method of methods) {
      const operation = item[method] as Json | undefined
      const name = operation?.['x-operation']
      const resource = operation?.['x-resource']
      if (!operation || typeof name !== 'string' || typeof resource !== 'string') continue
      const through = operation['x-through']
      const place = typeof through === 'string' ? through.split('.') : [resource]
      const word = name === 'replace' && !path.endsWith('}') ? 'upsert' : name
      const at = [...place, word]
      const key = JSON.stringify(at)
      if (taken.has(key) || taken.has(JSON.stringify(place))) continue
      taken.add(key)
      found.push({ at, method: method.toUpperCase(), path, operation })
    }
  }
  return found
}

/** The same as the table that clients are made of. */
export function operationTable(operations: readonly ClientOperation[]): OperationTable {
  const table: OperationTable = Object.create(null) as OperationTable
  for (const { at, method, path } of operations) {
    let inner = table
    for (const name of at.slice(0, -1)) {
      const next = (inner[name] ??= Object.create(null) as OperationTable)
      inner = next as OperationTable
    }
    inner[at.at(-1)!] ??= [method, path]
  }
  return table
}
