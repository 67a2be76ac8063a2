// A server of one of several versions of an application: node test/fault/version-server.ts DATABASE VERSION. It prints its URL.
import { pathToFileURL } from 'node:url'
import { api } from '../../src/api.ts'
import type { AnyResource } from '../../src/model/declare/declaration.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'

const user = resource({ id: t.id(), name: t.text() }).public()

export type Version = 'old' | 'both' | 'new'

/** The title of a todo gets another name in three steps: a new field beside it, rows that have both, the old field goes. */
export const versions: Readonly<Record<Version, Readonly<Record<string, AnyResource>>>> = {
  old: { user, todo: resource({ id: t.id(), title: t.text() }).public() },
  both: {
    user,
    todo: resource({
      id: t.id(),
      title: t.text(),
      text: t.text().nullable(),
      rank: t.integer().default(0),
    }).public(),
  },
  new: { user, todo: resource({ id: t.id(), text: t.text(), rank: t.integer().default(0) }).public() },
}

/** `database` is the path of a SQLite file, or the address of a schema of PostgreSQL as JSON. */
function storeOf(database: string): Store {
  if (!database.startsWith('{')) return sqlite(database)
  const { url, schema } = JSON.parse(database) as { readonly url: string; readonly schema: string }
  return postgres(url, { schema, readers: 2, poll: 50 })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , database, version] = process.argv as unknown as [string, string, string, Version]
  const report = (line: string): void => console.log(line)
  const app = api(versions[version], {
    store: storeOf(database),
    report,
    http: { log: line => process.stderr.write(`${JSON.stringify(line)}\n`) },
  })
  const { url } = await serve(app, { port: 0, report: () => {} })
  console.log(url)
}
