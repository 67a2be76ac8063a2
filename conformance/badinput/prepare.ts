import { identityOf, type Bench } from './bench.ts'
import { requestOf } from './request.ts'

/** Does what a vector says was done before. */
export async function prepare(bench: Bench): Promise<Bench> {
  const { request, expect } = bench.vector
  const text = JSON.stringify(request)
  const invariant = expect.invariant ?? ''
  const key = Object.keys(request.headers ?? {}).find(name => name.toLowerCase() === 'idempotency-key')
  // A body that tells what came before it with the same key: `second, after {"title":"first"} with K1`.
  const [, first] = /after (\{.*?\}) with/.exec(JSON.stringify(request.body ?? '').replaceAll('\\"', '"')) ?? []
  if (key !== undefined && (first !== undefined || /per user/.test(invariant))) {
    const body = first === undefined ? request.body : (JSON.parse(first) as unknown)
    const { status } = await bench.wire.send(requestOf({ ...request, as: 'alice', body }, bench.filling))
    if (status !== 201) throw new Error(`the first request with the key was answered ${status}`)
  }
  if (/forged event/.test(invariant)) await bench.app.safe.post('todo', { title: 'x\n\ndata: forged', owner: 1 })
  const [, rows] = /list of (\d+) rows/.exec(request.rawGen ?? '') ?? []
  for (let made = 0; made < Number(rows ?? 0); made += 100) await bench.app.safe.post('todo', longTodos(100))
  const [, user] = /\{\{cursorOf(\w+)\}\}/.exec(text) ?? []
  return user === undefined ? bench : withCursor(bench, user)
}

const longTodos = (n: number): object[] =>
  Array.from({ length: n }, (_, i) => ({ title: `${i} `.padEnd(200, '漢'), owner: 1 }))

/** Knows the cursor that somebody else got. */
async function withCursor(bench: Bench, user: string): Promise<Bench> {
  const name = user.toLowerCase()
  await bench.app.safe.post('todo', { title: 'CANARY again', owner: bench.users[name] ?? 0 })
  const asked = { method: 'GET', path: '/todos?limit=1', headers: identityOf(bench, name) }
  const link = String((await bench.wire.send(asked)).headers['link'])
  const [, cursor] = /[?&]cursor=([^&>]*)[^>]*>; rel="next"/.exec(link) ?? []
  if (cursor === undefined) throw new Error(`no cursor in ${link}`)
  // A cursor goes with the query that it was made by.
  const word = `cursorOf${user}`
  return { ...bench, filling: asked => (asked === word ? `${cursor}&limit=1` : bench.filling(asked)) }
}
