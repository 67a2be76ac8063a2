import type { Api } from '../../src/api.ts'
import type { Filling } from './todos.ts'
import { filled, identity } from './request.ts'
import { handshake } from './raw-socket.ts'
import { poll, problemCodes, RawSocketIo, type Came, type Polled } from './raw-socketio.ts'
import { parsed } from '../server/wire.ts'

/** A vector of badinput.json that speaks of Socket.IO. */
export interface SocketIoVector {
  readonly name: string
  readonly category: string
  readonly request: {
    readonly as?: string
    readonly emit?: readonly [unknown, ...unknown[]]
    readonly ack?: boolean
    readonly rawPacket?: string
    readonly rawPacketGen?: string
    readonly sendGen?: string
    readonly httpPolling?: string
    readonly connect?: {
      readonly query?: string
      readonly auth?: unknown
      readonly transport?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  }
  readonly expect: { readonly code?: readonly string[]; readonly invariant?: string }
}

/** A vector and what it is tried on. */
export interface SocketIoBench {
  readonly app: Api
  readonly authority: string
  readonly filling: Filling
  readonly vector: SocketIoVector
}

/** The token of whoever the vector speaks as. */
export const tokenOf = ({ vector, filling }: SocketIoBench): string | null => {
  const { authorization } = identity(vector.request.as, filling)
  return authorization?.replace('Bearer ', '') ?? null
}

/** Sends packets as they are; what came by the time that a packet sent after them is answered, or the connection closed. */
export async function packets(bench: SocketIoBench, given: Iterable<string>): Promise<Came> {
  const client = await RawSocketIo.open(bench.authority, tokenOf(bench))
  try {
    for (const packet of given) client.send(packet)
    client.send('4299["unsubscribe","/last",{}]')
    await client.hear(/^4399/)
    const heard = client.heard.filter(
      text => !text.startsWith('4399') && !text.startsWith('40') && !text.startsWith('0'),
    )
    const { codes } = client.came()
    return { codes: heard.length === 0 && client.closed === null ? ['silence'] : codes, text: heard.join('\n') }
  } finally {
    client.close()
  }
}

const answered = ({ status, body }: Polled): Came => ({
  codes: [`http_${status}`, ...problemCodes(parsed(body))],
  text: body,
})

/** A session on long polling that has joined; its id. */
async function pollingSession(bench: SocketIoBench, headers: Readonly<Record<string, string>>): Promise<string> {
  const { body } = await poll(bench.authority, 'EIO=4&transport=polling', headers)
  const { sid } = JSON.parse(body.slice(1)) as { sid: string }
  const query = `EIO=4&transport=polling&sid=${sid}`
  await poll(bench.authority, query, headers, '40{}')
  await poll(bench.authority, query, headers)
  return sid
}

async function posted(bench: SocketIoBench, body: string, type = 'text/plain;charset=UTF-8'): Promise<Came> {
  const headers = identity(bench.vector.request.as, bench.filling)
  const sid = await pollingSession(bench, headers)
  const query = `EIO=4&transport=polling&sid=${sid}`
  const came = answered(await poll(bench.authority, query, { ...headers, 'content-type': type }, body))
  if (!came.codes.includes('http_200')) return came
  // What was taken may have ended the session.
  const after = await poll(bench.authority, query, headers)
  return after.status === 400 ? { ...came, codes: [...came.codes, 'close'] } : came
}

const mebibyte = 1_048_576
/** Mebibytes by which the process may grow meanwhile, whatever else it does. */
const MOST = 256

/** What prose describes, by the name of its vector. */
export const socketIoScripts: ReadonlyMap<string, (bench: SocketIoBench) => Promise<Came>> = new Map<
  string,
  (bench: SocketIoBench) => Promise<Came>
>([
  [
    'sio-subscribe-list-filter-owner2',
    async bench => {
      const client = await RawSocketIo.open(bench.authority, tokenOf(bench))
      client.send(`421["subscribe",${JSON.stringify('/todos?filter={"owner":2}')},{}]`)
      await client.hear(/^431/)
      await bench.app.safe.patch('todo', 2, { title: 'CANARY' })
      await bench.app.safe.post('todo', { title: 'CANARY', owner: 2 })
      client.send('422["unsubscribe","/todos",{}]')
      await client.hear(/^432/)
      client.close()
      return client.came()
    },
  ],
  [
    'sio-create-idempotent-replay',
    async bench => {
      const client = await RawSocketIo.open(bench.authority, tokenOf(bench))
      const text = JSON.stringify(['create', { uri: '/todos', attributes: { title: 'once' } }, { key: 'K2' }])
      for (let i = 1; i <= 5; i++) client.send(`42${i}${text}`)
      for (let i = 1; i <= 5; i++) await client.hear(new RegExp(`^43${i}`))
      client.close()
      const acks = client.heard.filter(packet => packet.startsWith('43')).map(packet => JSON.parse(packet.slice(3))[0])
      const ids = new Set(acks.filter(({ status }) => status < 400).map(({ data }) => data.id))
      const rows = (await bench.app.safe.list('todo', { filter: { title: 'once' } })).body as unknown[]
      if (ids.size !== 1 || rows.length !== 1)
        throw new Error(`${ids.size} ids and ${rows.length} rows of one creation`)
      return client.came()
    },
  ],
  [
    'sio-extra-args-1000',
    bench => packets(bench, [`421["subscribe",${Array.from({ length: 1_000 }, () => '"/todos"').join()}]`]),
  ],
  [
    'sio-namespace-flood',
    async bench => {
      const before = process.memoryUsage().rss
      const namespaces = Array.from({ length: 10_000 }, (_, i) => `40/n${i},`)
      const came = await packets(bench, namespaces)
      const grown = (process.memoryUsage().rss - before) / mebibyte
      if (grown > MOST) throw new Error(`${grown.toFixed()} MiB of memory for namespaces that do not exist`)
      return came
    },
  ],
  ['sio-polling-huge-payload', bench => posted(bench, `42["create",{"x":"${'x'.repeat(5 * mebibyte)}"}]`)],
  ['sio-polling-many-packets', bench => posted(bench, '\x1e'.repeat(99_999))],
  ['sio-polling-invalid-binary-post', bench => posted(bench, '\x01\x02', 'application/octet-stream')],
  [
    'sio-polling-sid-guess',
    async bench => {
      const sid = await pollingSession(bench, identity('bob', bench.filling))
      const guessed = await poll(bench.authority, `EIO=4&transport=polling&sid=${sid.slice(0, -1)}_`)
      if (guessed.status !== 400) throw new Error(`another session's id is answered ${guessed.status}`)
      return answered(await poll(bench.authority, `EIO=4&transport=polling&sid=${sid}`))
    },
  ],
  [
    'sio-sid-websocket-takeover',
    async bench => {
      const sid = await pollingSession(bench, identity('bob', bench.filling))
      const path = `/socket.io/?EIO=4&transport=websocket&sid=${sid}`
      const shaken = await handshake(Number(bench.authority.split(':')[1]), path, {})
      if (shaken.socket === null) return { codes: ['close', `http_${shaken.status}`], text: shaken.body }
      shaken.socket.destroy()
      return { codes: ['ok'], text: '' }
    },
  ],
  ['sio-eio3-client', async bench => answered(await poll(bench.authority, 'EIO=3&transport=polling'))],
  ['sio-auth-payload-object-token', bench => joined(bench)],
  ['sio-auth-payload-1MB', bench => joined(bench, { token: 'x'.repeat(mebibyte) })],
  [
    'sio-cswsh-polling-evil-origin',
    async bench => {
      const headers: Record<string, string> = {}
      for (const [name, value] of Object.entries(bench.vector.request.connect?.headers ?? {}))
        headers[name] = filled(value, bench.filling)
      const polled = await poll(bench.authority, 'EIO=4&transport=polling', headers)
      if (polled.headers['access-control-allow-origin'] !== undefined) throw new Error('the page may read the answer')
      return answered(polled)
    },
  ],
])

async function joined(
  { authority, vector }: SocketIoBench,
  auth: unknown = vector.request.connect?.auth,
): Promise<Came> {
  const client = await RawSocketIo.open(authority, null, auth)
  client.close()
  return client.came()
}
