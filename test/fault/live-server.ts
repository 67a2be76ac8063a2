// A server that is there to be killed: node test/fault/live-server.ts FILE PORT
import { api, resource, serve, sqlite, t } from '../../src/index.ts'

const [, , file, port] = process.argv as [string, string, string, string]
const item = resource({ id: t.id(), text: t.text(), group: t.integer() }).public()
const app = api(
  { item },
  {
    store: sqlite(file, { synchronous: 'normal' }),
    report: () => {},
    limits: { messageRate: 10_000, messageBurst: 10_000, maxPage: 100_000 },
    http: { changes: () => true, log: () => {} },
  },
)
await serve(app, { port: Number(port), report: () => {} })
console.log('ready')
