// One of several processes over one SQLite file: node test/fault/shared-file-server.ts FILE. It prints its URL, and "heard TEXT" for
// each note that it hears of.
import { api } from '../../src/api.ts'
import { job } from '../../src/model/declare/job.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const note = resource({ id: t.id(), text: t.text() })
  .public()
  .actions({ once: job(async ({ ctx }) => void (await ctx.db.post('note', { text: 'ran' }))) })
const app = api(
  { note },
  {
    store: sqlite(process.argv[2]!, { synchronous: 'normal' }),
    seed: async own => void (await own.create('note', [{ text: 'a' }, { text: 'b' }, { text: 'c' }])),
    report: () => {},
  },
)
const { url } = await serve(app, { port: 0, report: () => {} })
console.log(url)
const heard = new Set<string>()
for await (const { rows } of app.live('note'))
  for (const { text } of rows) {
    if (!heard.has(text)) console.log(`heard ${text}`)
    heard.add(text)
  }
