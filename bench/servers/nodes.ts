// A node of several over one PostgreSQL database, with NATS. It serves the list and, on request, writes by itself:
// {"write":{"clients":64,"milliseconds":2000}} or {"patch":7}. {"tidy":true} collects the garbage (node --expose-gc).
import { parseArgs } from 'node:util'
import { connect } from '@nats-io/transport-node'
import { api, resource, serve, t } from '../../src/index.ts'
import { nats } from '../../src/store/bus/nats.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { tellReady, titleOf } from './todo.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    url: { type: 'string' },
    nats: { type: 'string' },
    rows: { type: 'string', default: '0' },
  },
})

const todo = resource(
  { id: t.id(), title: t.text({ max: 200 }), done: t.integer({ min: 0, max: 1 }).default(0) },
  { path: 'todos' },
).public()
const app = api(
  { todo },
  {
    store: postgres(values.url!, { bus: nats(values.nats!) }),
    report: () => {},
    limits: { connectionsPerAddress: 1e6 },
  },
)
await app.ready()
const rows = Number(values.rows)
for (let from = 0; from < rows; from += 100)
  await app.create(
    'todo',
    Array.from({ length: Math.min(100, rows - from) }, (_, i) => ({ title: titleOf(from + i + 1) })),
  )

// What a round trip of NATS takes is measured beside.
const echo = await connect({ servers: values.nats! })
echo.subscribe('bench.echo', { callback: (_, message) => void message.respond(message.data) })

let written = 0
const patch = (id: number): Promise<unknown> => app.patch('todo', id, { title: `Title ${++written} of ${process.pid}` })

/** Writers that each wait for their answer. Resolves to how many commits there were, and the longest time without any. */
async function write(
  clients: number,
  milliseconds: number,
): Promise<{ commits: number; pause: number; failed: number }> {
  const end = performance.now() + milliseconds
  let commits = 0
  let failed = 0
  let last = performance.now()
  let pause = 0
  const writer = async (nth: number): Promise<void> => {
    for (let i = nth; performance.now() < end; i += clients) {
      try {
        await patch((i % 1_000) + 1)
        commits++
      } catch {
        failed++
      }
      const now = performance.now()
      pause = Math.max(pause, now - last)
      last = now
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, i) => writer(i)))
  return { commits, pause, failed }
}

interface Question {
  readonly write?: { readonly clients: number; readonly milliseconds: number }
  readonly patch?: number
  readonly tidy?: boolean
}

process.on('message', (question: Question) => {
  const answer = async (): Promise<object> => {
    if (question.write) return write(question.write.clients, question.write.milliseconds)
    if (question.tidy === true) {
      globalThis.gc!()
      return {}
    }
    await patch(question.patch!)
    return { at: Number(process.hrtime.bigint() / 1_000n) }
  }
  answer().then(
    told => process.send!(told),
    (error: unknown) => process.send!({ error: String(error) }),
  )
})

await serve(app, { port: Number(values.port), report: () => {} })
tellReady(Number(values.port))
