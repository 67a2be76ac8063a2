// A server that is there to be killed: node test/fault/note-server.ts FILE full|normal. It prints its URL.
import { api } from '../../src/api.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const [, , file, synchronous] = process.argv as unknown as [string, string, string, 'full' | 'normal']
const note = resource({
  id: t.id(),
  title: t.text(),
  rank: t.integer().nullable(),
  done: t.bool().default(false),
  parent: t.one('note').nullable(),
}).public()
const app = api({ note }, { store: sqlite(file, { synchronous }), report: () => {}, http: { log: () => {} } })
const { url } = await serve(app, { port: 0, report: () => {} })
console.log(url)
