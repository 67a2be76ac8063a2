import type { ApiOptions } from '../api-options.ts'
import { api, type Api } from '../api.ts'
import type { AnyResource } from '../model/declare/declaration.ts'
import { serve, type Servable, type Served } from '../serve.ts'
import { memory } from '../store/memory.ts'
import { codeOf, FORBIDDEN, READ_ONLY } from '../store/postgres/failures.ts'
import { postgres } from '../store/postgres/index.ts'
import type { TableReport } from '../store/sql/tables/adopt.ts'
import { sqlite } from '../store/sqlite/index.ts'
import type { Store } from '../store/store.ts'
import type { HttpOptions } from '../transport/http/options.ts'
import { ApiError } from '../protocol/error.ts'
import { loadJsonServer } from '../api-dialects.ts'
import { isPostgres, OWN_SCHEMA, readPostgres, reasonOf } from './database/postgres-source.ts'
import { Misuse } from './misuse.ts'
import { checkReplaceable, copied, kindOf, readSource, type DataSource } from './source.ts'

/** Code points of a text. Texts that are already in the file must fit, and a request body cannot contain more. */
const LONGEST_TEXT = 1_048_576

export interface ServeFileOptions {
  /** Default: that of `serve`. */
  readonly port?: number
  readonly host: string
  /** Whether the API is open to everyone, on purpose. */
  readonly public: boolean
  readonly readOnly: boolean
  /** Whether a copy is served, so that the file does not change. */
  readonly memory: boolean
  /** Whether a JSON file is served in the words of json-server. */
  readonly jsonServer: boolean
  /** Origins whose pages may call; `*` = all. */
  readonly cors: readonly string[]
}

/** `restuary serve FILE`: serves every table of a SQLite file, or every list of a JSON file, as a resource. */
export async function serveFile(file: string, options: ServeFileOptions): Promise<Served> {
  if (isPostgres(file)) return servePostgres(file, options)
  const copy = options.memory ? copied(file) : null
  if (copy !== null) process.once('exit', copy.remove)
  const served = copy?.file ?? file
  if (!options.readOnly && copy === null && kindOf(file) === 'json') checkReplaceable(file)
  const app = options.jsonServer ? await jsonServerApi(served, options) : await tablesApi(served, options)
  if (options.readOnly) console.error(`${file} is only read.`)
  else if (copy !== null) console.error(`A copy of ${file} is served: changes are lost at the end.`)
  else if (kindOf(file) === 'json') console.error(`Changes are written back to ${file}.`)
  else console.error(`Restuary keeps versions and a change log in ${file}, in tables called _restuary_*.`)
  const { port, host } = options
  return serve(app, port === undefined ? { host } : { port, host })
}

/** `restuary serve postgres://…`: serves every table and view of a database as a resource. */
async function servePostgres(url: string, options: ServeFileOptions): Promise<Served> {
  if (options.memory) throw new Misuse('--memory copies a file', 'make a copy of the database: createdb --template')
  if (options.jsonServer) throw new Misuse('--json-server is for JSON files', 'leave it out')
  const source = await readPostgres(url, options)
  for (const line of reportLines(source.report)) console.error(line)
  const app = apiOf(source, { ...options, http: { ...corsOf(options), services: nameResources(source.report) } })
  await app.ready().catch((error: unknown) => {
    if (source.isUntouched) throw new Misuse(`it cannot be read: ${reasonOf(error)}`, 'ask whoever administers it')
    if (codeOf(error) === READ_ONLY)
      throw new Misuse('the server is a replica, or only reads for another reason', 'name the primary')
    if (codeOf(error) !== FORBIDDEN) throw error
    throw new Misuse(
      `Restuary keeps versions and a change log in the schema ${OWN_SCHEMA}, and the role may not: ${reasonOf(error)}`,
      `serve it with --read-only, or let an administrator call: create schema ${OWN_SCHEMA} authorization the_role`,
    )
  })
  for (const line of source.isUntouched ? UNTOUCHED : KEPT) console.error(line)
  const { port, host } = options
  return serve(app, port === undefined ? { host } : { port, host })
}

const KEPT = [`Restuary keeps versions and a change log in the schema ${OWN_SCHEMA}. Nothing else is changed.`]
const UNTOUCHED = [
  'The database is only read, and has no log of Restuary:',
  '  who follows a list gets all of it anew, at most once a second, when anything was committed on the server;',
  '  a position is forgotten at the next commit, and there is no history.',
  `For more, let an administrator call: create schema ${OWN_SCHEMA} authorization the_role`,
]

async function tablesApi(file: string, options: ServeFileOptions): Promise<Servable> {
  const source = readSource(file, options)
  for (const line of reportLines(source.report)) console.error(line)
  const fields = Object.values(source.resources).flatMap(one => Object.keys(one['~resource'].fields))
  const { refuseJsonServerWords } = await loadJsonServer()
  const services = source.kind === 'json' ? refuseJsonServerWords(new Set(fields)) : nameResources(source.report)
  return apiOf(source, { ...options, http: { ...corsOf(options), services } })
}

/** Answers requests for a table by its own name with the name of its resource: `/dates` is `/date`. */
function nameResources(report: readonly TableReport[]): NonNullable<HttpOptions['services']> {
  const paths = new Set(report.map(({ resource }) => resource))
  const named = new Map(
    report.flatMap(({ table, resource }) =>
      resource === null || paths.has(table) ? [] : [[encodeURIComponent(table), resource]],
    ),
  )
  return path => {
    const [, first = ''] = path.split('/', 2)
    const resource = named.get(first)
    if (resource === undefined) return null
    throw new ApiError('not_found', { detail: `the table ${decodeURIComponent(first)} is served at /${resource}` })
  }
}

async function jsonServerApi(file: string, options: ServeFileOptions): Promise<Servable> {
  if (kindOf(file) !== 'json')
    throw new Misuse(`${file} is not a JSON file`, 'leave --json-server out: its words are those of JSON files alone')
  const { jsonServer } = await loadJsonServer()
  const { resources, services, start } = jsonServer(file, { ...options, report: line => console.error(line) })
  const app = api(resources, { http: { ...corsOf(options), services } })
  const stop = start((uri, change) => app.publish(uri, change))
  return {
    ...app,
    close: () => {
      stop()
      return app.close()
    },
  }
}

const corsOf = ({ cors }: ServeFileOptions): Pick<HttpOptions, 'cors'> =>
  cors.length === 0 ? {} : { cors: { origins: cors } }

/** The API of a file or a database; `report` hears what start-up did, instead of the console. */
export function apiOf(
  source: DataSource,
  options: Pick<ServeFileOptions, 'public' | 'readOnly'> & Pick<ApiOptions, 'report' | 'http' | 'limits'>,
): Api {
  const { readOnly, report, http, limits } = options
  return api(options.public ? opened(source.resources) : source.resources, {
    store: storeOf(source, readOnly),
    limits: { text: LONGEST_TEXT, ...limits },
    ...(report && { report }),
    ...(http && { http }),
  })
}

function storeOf({ kind, file, isUntouched = false }: DataSource, readOnly: boolean): Store {
  switch (kind) {
    case 'sqlite':
      return sqlite(file, { readOnly })
    case 'json':
      return memory({ file })
    case 'postgres':
      return postgres(file, isUntouched ? { readOnly: true } : { schema: OWN_SCHEMA })
  }
}

function opened(resources: Readonly<Record<string, AnyResource>>): Record<string, AnyResource> {
  return Object.fromEntries(
    Object.entries(resources).map(([name, one]) => [name, { '~resource': { ...one['~resource'], public: true } }]),
  )
}

/** What is not served as one might expect, one line each. */
function reportLines(report: readonly TableReport[]): string[] {
  return report.flatMap(({ table, served, notes }) => {
    if (served === 'as a relation') return [`${table} is served as ${notes.join(' and ')}`]
    return notes.length === 0 ? [] : [`${table}${served === 'not' ? ' is not served' : ''}: ${notes.join('; ')}`]
  })
}
