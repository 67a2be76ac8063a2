import { operationsIn, operationTable } from './operations.ts'
import { connect } from './connect.ts'
import { runtime } from './runtime.ts'

export interface ClientTarget {
  /** The URL of the API. null = the origin from which the module itself was loaded. */
  readonly base: string | null
  /** The path below which the API is mounted. */
  readonly prefix: string
}

/**
 * Makes the client of an OpenAPI document as a module: `import client from '/client.js'`, `client.todo.list({ done: false })`,
 * `client.todo.patch(7, { done: true })`, `client.list.todos.create(1, { text: 'pack' })`, `client.user.post_login(…)`,
 * `client.todo.live({ filter: { done: false } })`, `client.auth.login({ email, password })`.
 */
export function clientModule(document: Readonly<Record<string, unknown>>, target: ClientTarget): string {
  const table = operationTable(operationsIn(document))
  const base =
    target.base === null
      ? `new URL(${jsLiteral(target.prefix === '' ? '/' : target.prefix)}, import.meta.url).href.replace(/\\/$/, '')`
      : jsLiteral(target.base)
  return [
    banner(document),
    connect,
    runtime,
    `const operations = ${jsLiteral(table)}`,
    `const base = ${base}`,
    '/** A client of the API at another place, with another fetch, or with a token of its own. */',
    "export const createClient = (options = {}) => clientOf(operations, { base, scheme: 'Bearer ', connect: restuary.client, ...options })",
    'export { ClientError }',
    'export default createClient()',
    '',
  ].join('\n')
}

/** Data as source text. It is also safe in a script element of a page. */
export function jsLiteral(value: unknown): string {
  return (JSON.stringify(value) ?? 'null')
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
}

function banner(document: Readonly<Record<string, unknown>>): string {
  const { title, version } = document['info'] as { readonly title: string; readonly version: string }
  return `// ${`${title} ${version}`.replaceAll(/[\r\n\u2028\u2029]+/g, ' ')}: a client without dependencies, for browsers and Node.`
}
