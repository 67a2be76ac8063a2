// DATABASE_URL=postgres://… NATS_URL=nats://… node examples/nodes/server.ts
import { api, resource, serve, t } from '../../src/index.ts'
import { nats } from '../../src/store/bus/nats.ts'
import { postgres } from '../../src/store/postgres/index.ts'

const todo = resource({ id: t.id(), text: t.text({ max: 500 }), done: t.bool().default(false) }).public()

const { DATABASE_URL, NATS_URL, HOST = '127.0.0.1' } = process.env
if (DATABASE_URL === undefined)
  throw new Error('DATABASE_URL says where PostgreSQL is: postgres://user:password@host/name')
const bus = NATS_URL === undefined ? {} : { bus: nats(NATS_URL) }

const app = api({ todo }, { store: postgres(DATABASE_URL, bus), http: { metrics: true, requests: true } })
// For five seconds after SIGTERM, requests are still taken, so that the proxy can notice.
await serve(app, { host: HOST, lead: Number(process.env['LEAD'] ?? 5_000) })
