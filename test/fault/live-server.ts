// A server that is there to be killed: node test/fault/live-server.ts FILE. It prints its URL.
import { api } from '../../src/api.ts'
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { authenticate, models } from './live-model.ts'

const [, , file] = process.argv as [string, string, string]
const app = api(models, {
  store: sqlite(file, { synchronous: 'normal' }),
  authenticate,
  report: () => {},
  limits: { messageRate: 10_000, messageBurst: 10_000, maxPage: 100_000 },
  http: { changes: () => true, log: () => {} },
})
const { url } = await serve(app, { port: 0, report: () => {} })
console.log(url)
