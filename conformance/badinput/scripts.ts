import { connect, type Socket } from 'node:net'
import type { Api } from '../../src/api.ts'
import type { Filling } from './todos.ts'
import { identity } from './request.ts'
import { isObject } from '../object.ts'
import type { Wire, WireAnswer } from '../server/wire.ts'

/** What a vector is tried on. */
export interface HttpBench {
  readonly wire: Wire
  readonly app: Api
  readonly filling: Filling
}

const mebibyte = 1_048_576
/** Mebibytes by which the process may grow meanwhile, whatever else it does. */
const MOST = 256

/** What has to be there before a vector is sent: what it can be filled in with then. */
export const preparations: ReadonlyMap<string, (bench: HttpBench) => Promise<Filling>> = new Map([
  [
    'cursor-of-other-user',
    async ({ wire, app, filling }: HttpBench) => {
      await app.safe.post('todo', { title: 'bob CANARY-7f3a again', owner: 2 })
      const asked = { method: 'GET', path: '/todos?limit=1', headers: identity('bob', filling) }
      const link = String((await wire.send(asked)).headers['link'])
      const cursor = /[?&](cursor=[^&>]*)[^>]*>; rel="next"/.exec(link)?.[1]
      if (cursor === undefined) throw new Error(`no cursor in ${link}`)
      // A cursor goes with the query that it was made by.
      return (word: string) => (word === 'cursorOfBob' ? `${cursor.slice('cursor='.length)}&limit=1` : filling(word))
    },
  ],
])

/** What `rawGen` describes in prose and bytes alone cannot say, by the name of its vector. */
export const httpScripts: ReadonlyMap<string, (bench: HttpBench) => Promise<WireAnswer>> = new Map([
  ['pipeline-10000', pipelined],
  ['slow-read-response', readSlowly],
])

/** What must hold of an answer beyond its status and code, by the name of its vector: what is wrong with it. */
export const further: ReadonlyMap<string, (answer: WireAnswer) => readonly string[]> = new Map([
  ['openapi-hidden-fields', ({ json }: WireAnswer) => readablePasswords(json, 'document')],
  [
    'error-detail-leak-db',
    ({ headers, text }: WireAnswer) => [
      ...(headers['retry-after'] === undefined ? ['no Retry-After'] : []),
      ...(/internal|todos\.db|I\/O/.test(text) ? [`the machine is told of: ${text}`] : []),
    ],
  ],
])

/** Where a document says of a password that it can be read. */
function readablePasswords(node: unknown, path: string): string[] {
  if (!isObject(node))
    return Array.isArray(node) ? node.flatMap((one, i) => readablePasswords(one, `${path}/${i}`)) : []
  return Object.entries(node).flatMap(([name, one]) => {
    const here = `${path}/${name}`
    const isField = name === 'password' && path.endsWith('/properties') && isObject(one)
    const isLogin = /Token|Login|auth/i.test(path)
    if (isField && !isLogin && one['writeOnly'] !== true) return [`${here} is not writeOnly`]
    return readablePasswords(one, here)
  })
}

function getOf(filling: Filling): string {
  return `GET /todos?limit=100 HTTP/1.1\r\nHost: h\r\nAuthorization: ${identity('alice', filling)['authorization']}\r\n\r\n`
}

/** Ten thousand requests in one piece: each is answered, in turn, and what waits stays small. A busy machine may answer some with 503. */
async function pipelined({ wire, filling }: HttpBench): Promise<WireAnswer> {
  const count = 10_000
  const before = process.memoryUsage().rss
  const socket = connect(wire.port, '127.0.0.1')
  socket.write(getOf(filling).repeat(count))
  let answers = 0
  let rest = ''
  for await (const chunk of socket) {
    const text = rest + String(chunk)
    answers += text.match(/HTTP\/1\.1 (200|429|503) /g)?.length ?? 0
    // One character less than what is counted, so that nothing is counted twice.
    rest = text.slice(-12)
    if (answers >= count) break
  }
  const grown = (process.memoryUsage().rss - before) / mebibyte
  if (grown > MOST) throw new Error(`${grown.toFixed()} MiB of memory for requests that wait`)
  return { status: answers === count ? 200 : 0, headers: {}, text: '', json: undefined }
}

/** Connections that ask for much and read nothing: what waits for them is bounded, and they are cut. */
async function readSlowly({ wire, app, filling }: HttpBench): Promise<WireAnswer> {
  const rows = Array.from({ length: 99 }, (_, i) => ({ title: `${i} `.padEnd(200, '漢'), owner: 1 }))
  await app.safe.post('todo', rows)
  const stop = wire.cutStalled(600)
  const before = process.memoryUsage().rss
  const sockets: Socket[] = []
  try {
    // As many as fill the buffers of this machine's kernel without filling its memory.
    for (let i = 0; i < 40; i++) {
      const socket = connect(wire.port, '127.0.0.1')
        .pause()
        .on('error', () => {})
      socket.write(getOf(filling).repeat(200))
      sockets.push(socket)
    }
    await wire.empty()
    const grown = (process.memoryUsage().rss - before) / mebibyte
    if (grown > MOST) throw new Error(`${grown.toFixed()} MiB of memory for answers that nobody reads`)
    return { status: 200, headers: {}, text: '', json: undefined }
  } finally {
    stop()
    for (const socket of sockets) socket.destroy()
  }
}
