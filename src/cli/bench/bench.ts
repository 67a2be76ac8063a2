import { prefixIn, readDocument } from '../document.ts'
import { Misuse } from '../misuse.ts'
import { measure, type Measurement, type Shot } from './load.ts'

/** How an API is measured. */
export interface BenchOptions {
  readonly connections: number
  /** For each request. */
  readonly seconds: number
  /** Header fields that all requests have. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Prints the report as JSON. */
  readonly json: boolean
}

/** `restuary bench URL`: sends requests to an API that runs, and prints how fast it answers. It only reads. */
export async function benchApi(source: string, options: BenchOptions): Promise<void> {
  if (!/^https?:\/\//.test(source)) throw new Misuse(`${source} is not a URL`, 'restuary bench http://localhost:3000')
  const { connections, seconds, json } = options
  const headers = { accept: 'application/json', ...Object.fromEntries(options.headers) }
  const shots = await shotsFor(new URL(source), headers)
  if (!json) console.error(`${source}: ${connections} connections, ${seconds} s for each line\n`)
  const measured: Measurement[] = []
  if (!json) process.stdout.write(`${HEAD}\n`)
  for (const shot of shots) {
    const one = await measure(shot, connections, seconds)
    measured.push(one)
    if (!json) process.stdout.write(`${lineOf(one)}\n`)
  }
  if (json)
    process.stdout.write(
      `${JSON.stringify({ at: new Date().toISOString(), source, connections, seconds, measured }, null, 2)}\n`,
    )
  const failed = measured.filter(({ answers }) => Object.keys(answers).some(status => !/^[23]/.test(status)))
  if (failed.length === 0) return
  process.exitCode = 1
  console.error(`\nNot all requests were answered with success: ${failed.map(({ name }) => name).join(', ')}`)
}

/** What is measured: each list of the API, if the URL is that of an API; otherwise the URL itself. */
async function shotsFor(url: URL, headers: Readonly<Record<string, string>>): Promise<Shot[]> {
  const document = url.search === '' ? await readDocument(url.href, 'openapi').catch(() => null) : null
  if (document === null) {
    const shots = await shotsOf(url, headers)
    if (shots.length > 0) return shots
    throw new Misuse(`${url.href} is refused`, 'check the path; --header sends credentials')
  }
  const paths = document['paths'] as Readonly<
    Record<string, Readonly<Record<string, { readonly operationId?: string }>>>
  >
  const prefix = prefixIn(document)
  const lists = Object.entries(paths).filter(([path, item]) => !path.includes('{') && isList(item))
  const shots = (await Promise.all(lists.map(([path]) => shotsOf(new URL(prefix + path, url), headers)))).flat()
  if (shots.length > 0) return shots
  throw new Misuse('No list of this API can be read', "send credentials: --header 'authorization: Bearer …'")
}

const isList = ({ get }: Readonly<Record<string, { readonly operationId?: string }>>): boolean =>
  /\.list$|^list/.test(get?.operationId ?? '')

/** A URI, the same if the client has it already, its first row, and following it. None if it is refused. */
async function shotsOf(url: URL, headers: Readonly<Record<string, string>>): Promise<Shot[]> {
  const answer = await fetch(url, { headers }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    throw new Misuse(`${url.origin} does not answer${cause}`, 'start your server first: restuary dev')
  })
  if (!answer.ok) return []
  const body: unknown = await answer.json().catch(() => null)
  const path = decodeURI(url.pathname + url.search)
  const shots: Shot[] = [{ name: `GET ${path}`, url, headers }]
  const etag = answer.headers.get('etag')
  if (etag !== null)
    shots.push({ name: `GET ${path} (unchanged)`, url, headers: { ...headers, 'if-none-match': etag } })
  const id = Array.isArray(body) ? (body[0] as { readonly id?: unknown } | undefined)?.id : undefined
  if (typeof id === 'number' || typeof id === 'string') {
    const row = new URL(`${url.pathname.replace(/\/$/, '')}/${encodeURIComponent(id)}`, url)
    shots.push({ name: `GET ${decodeURI(row.pathname)}`, url: row, headers })
  }
  if (Array.isArray(body))
    shots.push({ name: `follow ${path}`, url, headers: { ...headers, accept: 'text/event-stream' }, isStream: true })
  return shots
}

const WIDTH = 40
/** The first line of the table. */
export const HEAD: string = `${''.padEnd(WIDTH)}${['per second', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'bytes'].map(one => one.padStart(11)).join('')}  answers`

/** A line of the table. */
export function lineOf({ name, requestsPerSecond, latency, bytes, answers }: Measurement): string {
  const { p50, p95, p99, max } = latency
  const cells = [
    Math.round(requestsPerSecond).toLocaleString('en'),
    ...[p50, p95, p99, max].map(one => one.toFixed(2)),
    Math.round(bytes).toLocaleString('en'),
  ]
  const told = Object.entries(answers).map(([status, count]) => `${status} × ${count.toLocaleString('en')}`)
  return `${name.padEnd(WIDTH)}${cells.map(one => one.padStart(11)).join('')}  ${told.join(', ')}`
}
