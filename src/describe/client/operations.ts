import type { OperationTable } from './browser/methods.ts'

type Json = Readonly<Record<string, unknown>>

/** An operation of a description, as a client needs it. */
export interface ClientOperation {
  /** Its place in the client: `['list', 'todos', 'create']`. */
  readonly at: readonly string[]
  readonly method: string
  readonly path: string
  readonly operation: Json
}

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']

/**
 * The operations in one of our OpenAPI documents, by resource and relation. If a name would be used twice, because an action or
 * relation is named like an operation, the first one gets it.
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

/** The operations as the table from which clients are made. */
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
