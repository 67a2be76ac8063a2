import type { Answer, Call, Frame } from './call.ts'
import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions } from './follower.ts'
import { closed, local, Problem } from './problem.ts'
import { Connection } from './socket/connection.ts'

/** What tabs say to each other. `to` = the tab, or the one that leads. */
interface Message {
  readonly from: string
  readonly to?: string
  readonly id?: string
  readonly op: string
  readonly value?: any // oxlint-disable-line typescript/no-explicit-any -- each message has its own
}

interface AskedCall {
  readonly call: Call
  readonly resolve: (answer: Answer) => void
  readonly reject: (problem: Problem) => void
}

const LEADER = 'leader'
/** What a follower is told, by the names of its methods. */
const TOLD = ['learn', 'hear', 'advance', 'restart', 'stale', 'end'] as const

/**
 * One WebSocket for all tabs of a browser. One of them leads: it has the connection, and tells the others. If it is closed,
 * another one takes over, and everything goes on from where it was. Tabs share it if their tokens are shared.
 *
 * @example
 * import { tabs } from 'restuary/client/tabs'
 * const api = client<App>('https://todo.example', { transport: tabs, tokens })
 */
export function tabs(options: LiveTransportOptions): LiveTransport {
  const locks = globalThis.navigator?.locks as LockManager | undefined
  if (!locks || !globalThis.BroadcastChannel) return new Connection(options)
  const name = `restuary ${new URL(options.base, globalThis.location?.href).href}`
  const me = Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-')
  const channel = new BroadcastChannel(name)
  const followers = new Map<string, Follower>()
  const asked = new Map<string, AskedCall>()
  /** What the tab that leads does for the others, by their names: functions that end it. */
  const served = new Map<string, Map<string, () => void>>()
  let last = 0
  let connection: Connection | null = null
  let isClosed = false
  let status: ConnectionStatus = 'idle'
  const over = Promise.withResolvers<void>()

  const say = (message: Omit<Message, 'from'>): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- channels have no origin
    if (!isClosed) channel.postMessage({ from: me, ...message })
  }
  const tell = (now: ConnectionStatus): void => {
    status = now
    options.onStatus(now)
    if (connection) say({ op: 'status', value: now })
  }

  /** Has something of this tab done, here or by the tab that leads. */
  function begin(id: string): void {
    const follower = followers.get(id)
    const call = asked.get(id)
    if (follower) {
      const { request, position } = follower
      serve({ from: me, id, op: 'follow', value: { request, position } })
    } else if (call) serve({ from: me, id, op: 'call', value: call.call })
  }
  const serve = (message: Message): void => {
    if (connection) lead(connection, message)
    else say({ ...message, to: LEADER })
  }

  /** Does what a tab asks for. */
  function lead(by: Connection, { from, id = '', op, value }: Message): void {
    const back = (name: string, given?: unknown): void => {
      const message = { from: me, to: from, id, op: name, value: given }
      if (from === me) hear(message)
      else say(message)
    }
    const of = served.get(from) ?? new Map<string, () => void>()
    if (!served.has(from)) {
      served.set(from, of)
      // A tab holds a lock of its own as long as it is there.
      if (from !== me) void locks!.request(`${name} ${from}`, () => of.forEach(stop => stop())).catch(() => {})
    }
    of.get(id)?.()
    of.delete(id)
    if (op === 'follow') {
      of.set(id, by.follow(relayed(value.request, value.position, back)))
      back('status', status)
    } else if (op === 'call') {
      by.call(value).then(
        answer => back('answer', answer),
        (problem: Problem) => back('refuse', problem.document),
      )
    } else if (op === 'caller') void by.changeCaller()
  }

  /** Hears what the tab that leads tells. */
  function hear({ id = '', op, value }: Message): void {
    const follower = followers.get(id)
    const call = asked.get(id)
    if (op === 'lead') for (const one of [...followers.keys(), ...asked.keys()]) begin(one)
    else if (op === 'status') tell(value)
    else if (call) {
      asked.delete(id)
      if (op === 'answer') call.resolve(value)
      else call.reject(new Problem(value))
    } else if (follower && op === 'end') {
      followers.delete(id)
      follower.end(new Problem(value))
    } else if (follower) follower[op as (typeof TOLD)[number]](value as never)
  }

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.to === LEADER) {
      if (connection) lead(connection, data)
    } else if (data.to === undefined ? !connection : data.to === me) hear(data)
  })
  const hold = (): Promise<void> => over.promise
  const ready = new Promise<void>(resolve => {
    void locks.request(`${name} ${me}`, () => {
      resolve()
      return hold()
    })
  })
  void locks.request(name, () => {
    if (isClosed) return
    connection = new Connection({ ...options, onStatus: tell })
    hear({ from: me, op: 'lead' })
    say({ op: 'lead' })
    return hold()
  })

  return {
    get isInUse() {
      return followers.size > 0 || isClosed
    },
    call({ signal, shown: _shown, ...call }) {
      if (isClosed) return Promise.reject(closed())
      const id = `${++last}`
      return new Promise((resolve, reject) => {
        asked.set(id, { call, resolve, reject })
        const abort = (): void => {
          if (asked.delete(id)) reject(local('aborted', 'the request was aborted'))
        }
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort, { once: true })
        void ready.then(() => begin(id))
      })
    },
    follow(follower) {
      const id = `${++last}`
      followers.set(id, follower)
      void ready.then(() => begin(id))
      return () => {
        if (followers.delete(id)) serve({ from: me, id, op: 'stop' })
      }
    },
    changeCaller: () => serve({ from: me, op: 'caller' }),
    close() {
      tell('closed')
      connection?.close()
      isClosed = true
      over.resolve()
      channel.close()
      for (const { reject } of asked.values()) reject(closed())
      asked.clear()
    },
  }
}

/** A follower in another tab. The tab that leads knows what that was told last. */
function relayed(request: Frame, position: string | null, back: (op: string, value?: unknown) => void): Follower {
  const follower = { request, position, isWaiting: false } as { position: string | null } & Record<string, unknown>
  for (const name of TOLD) {
    follower[name] = (value: unknown): void => {
      if (name === 'hear') follower.position = ((value as Frame)['position'] as string | undefined) ?? follower.position
      if (name === 'advance') follower.position = value as string
      if (name === 'restart') follower.position = null
      back(name, name === 'end' ? (value as Problem).document : value)
    }
  }
  return follower as unknown as Follower
}
