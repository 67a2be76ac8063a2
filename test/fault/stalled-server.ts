// A server that is asked how much memory it holds: forked with --expose-gc, it says { port }, and answers each message with
// the bytes that are left after a collection.
import { api } from '../../src/api.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const note = resource({ id: t.id(), title: t.text(), rank: t.integer() }).public()
const app = api(
  { note },
  {
    // Not in memory, because the log is not part of what readers cost.
    store: sqlite(process.argv[2]!, { synchronous: 'normal' }),
    report: () => {},
    http: { log: () => {} },
    // No reader is cut, which is the worst case.
    limits: { stall: 3_600_000 },
  },
)
await app.ready()
await app.post(
  'note',
  Array.from({ length: 100 }, (_, i) => ({ title: 'x'.repeat(100), rank: i })),
)
const { url } = await serve(app, { port: 0, report: () => {} })
process.on('message', () => {
  for (let i = 0; i < 3; i++) globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  process.send!(heapUsed + external)
})
process.on('disconnect', () => process.exit())
process.send!({ port: Number(new URL(url).port) })
