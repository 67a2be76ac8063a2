// Runs in browsers and in Node, as text that is served. See scripts/browser.ts.
import { addLive, type Built } from './follow.ts'
import { createTransport, type ClientOptions, type RequestOptions, type Transport } from './runtime.ts'

/** Method and path template of each operation, by resource, by relation where there is one, and by name. */
export interface OperationTable {
  [name: string]: [method: string, path: string] | OperationTable
}

/** A client of the operations: one function for each, with the parameters of its path in front. */
export function clientOf(
  operations: OperationTable,
  options: ClientOptions,
): Record<string, unknown> & { $: Transport } {
  const transport = createTransport(options)
  const build = (table: OperationTable): Record<string, unknown> => {
    const built: Record<string, unknown> = Object.create(null)
    for (const [name, one] of Object.entries(table))
      built[name] = Array.isArray(one) ? call(one[0], one[1]) : build(one)
    return built
  }
  const call =
    (method: string, template: string) =>
    // oxlint-disable-next-line typescript/no-explicit-any -- ids, a query or body, and options
    (...given: any[]): Promise<unknown> => {
      const path = template.replace(/\{[^}]+\}/g, () => {
        const id = given.shift()
        if (id === undefined || id === null || id === '') throw new TypeError(`${template} needs an id`)
        return encodeURIComponent(String(id))
      })
      const [first, more] = given as [unknown, RequestOptions | undefined]
      const inBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
      return transport.send(
        method,
        path,
        inBody ? { ...more, query: listQuery(more?.query), data: first } : { ...more, query: listQuery(first) },
      )
    }
  const built = build(operations)
  if (options.connect) addLive(built as Built, operations, transport, options)
  return Object.assign(built, { $: transport })
}

/** Lists of names are one parameter with commas, a filter is JSON. */
function listQuery(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(query)) {
    if (name === 'filter' && typeof value === 'object') out[name] = JSON.stringify(value)
    else if (Array.isArray(value) && /^(sort|fields|include)$/.test(name)) out[name] = value.join(',')
    else out[name] = value
  }
  return out
}
