// Several APIs over one database, as several processes have them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { api, type Api } from '../../src/api.ts'
import type { ApiOptions } from '../../src/api-options.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import type { PostgresOptions } from '../../src/store/postgres/options.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { runsWith } from '../system-programs.ts'

export type Resources = Parameters<typeof api>[0]

/** Makes one more store over the same database. */
export type MakeStore = () => Store

/** The kinds of databases that several processes can use, each with what makes an empty one. */
export const databases: readonly (readonly [name: string, make: () => Promise<MakeStore>])[] = [
  ['SQLite', async () => sharedFile()],
  ...(runsWith('PostgreSQL', hasPostgres(), 'postgresql') ? [['PostgreSQL', () => sharedSchema()] as const] : []),
]

function sharedFile(): MakeStore {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-nodes-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return () => sqlite(join(folder, 'data.db'))
}

/** Makes stores over an empty schema; each may have further options. */
export async function sharedSchema(options: PostgresOptions = {}): Promise<(more?: PostgresOptions) => Store> {
  const url = await startPostgres(inject('postgresFolder'))
  const schema = newSchema()
  return more => postgres(url, { readers: 2, schema, poll: 100, ...options, ...more })
}

/** An API of its own node, open, and closed when the test is over. `make` is called for each, as each process does. */
async function nodeOf(store: Store, resources: Resources, options: ApiOptions = {}): Promise<Api> {
  const app = api(resources, { report: () => {}, onFault: () => {}, http: { log: () => {} }, ...options, store }) as Api
  onTestFinished(() => app.close())
  await app.ready()
  return app
}

/** Several nodes that start at the same time. */
export async function nodesOf(
  count: number,
  makeStore: MakeStore,
  declare: () => Resources,
  options: ApiOptions = {},
): Promise<Api[]> {
  return Promise.all(Array.from({ length: count }, () => nodeOf(makeStore(), declare(), options)))
}

/** A request, and what is answered. */
export async function ask(
  app: Api,
  method: string,
  path: string,
  { body, ...headers }: Readonly<Record<string, unknown>> & { body?: unknown } = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const answer = await app.fetch(
    new Request(`http://host${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(headers as Record<string, string>),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown), headers: answer.headers }
}
