import type { Answer, Call, Frame } from './call.ts'
import { deferred } from './deferred.ts'
import type { ConnectionStatus, Follower, LiveTransport, LiveTransportOptions } from './follower.ts'
import { aborted, closed, Problem } from './problem.ts'
import { webSocket } from './socket/connection.ts'

/** What tabs say to each other. `to` = the tab, or the one that leads. */
interface Message {
  readonly from: string
  readonly to?: string
  readonly id?: number
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
/** How long the tab that leads may take to give a sign of life, in milliseconds. */
const PATIENCE = 5_000

/**
 * One WebSocket for all tabs of a browser. One of them leads: it has the connection, and tells the others. If it is closed, or
 * the browser freezes it, another one takes over, and everything goes on from where it was. Tabs share it if their tokens are
 * shared.
 *
 * @example
 * import { tabs } from 'restuary/client/tabs'
 * const api = client<App>('https://todo.example', { transport: tabs, tokens })
 */
export function tabs(options: LiveTransportOptions): LiveTransport {
  const locks = globalThis.navigator?.locks as LockManager | undefined
  if (!locks || !globalThis.BroadcastChannel) return webSocket(options)
  const name = `restuary ${new URL(options.base, globalThis.location?.href)}`
  const me = Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-')
  const channel = new BroadcastChannel(name)
  const followers = new Map<number, Follower>()
  const asked = new Map<number, AskedCall>()
  /** What this tab does for the others while it leads, by their names: functions that end it. */
  const served = new Map<string, Map<number, () => void>>()
  let last = 0
  /** The tab that leads, as far as this one knows. What others tell is out of date. */
  let leader: string | null = null
  /** Whether the tab that leads has not answered yet. */
  let isSilent = false
  let connection: LiveTransport | null = null
  let release = (): void => {}
  let waiting: AbortController
  let isClosed = false
  let status: ConnectionStatus = 'idle'
  const over = deferred()

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
  function begin(id: number): void {
    const follower = followers.get(id)
    const call = asked.get(id)
    if (follower) {
      const { request, position } = follower
      serve({ from: me, id, op: 'follow', value: { request, position } })
    } else if (call) serve({ from: me, id, op: 'call', value: call.call })
  }
  function serve(message: Message): void {
    if (connection) serveTab(connection, message)
    else if (leader) say({ ...message, to: LEADER })
  }

  /** Does what a tab asks for. */
  function serveTab(by: LiveTransport, { from, id = 0, op, value }: Message): void {
    const back = (told: string, given?: unknown): void => {
      const message = { from: me, to: from, id, op: told, value: given }
      if (from === me) hear(message)
      else say(message)
    }
    const of = served.get(from) ?? new Map<number, () => void>()
    if (!served.has(from)) {
      served.set(from, of)
      // A tab holds a lock of its own as long as it is there.
      if (from !== me) void locks!.request(`${name} ${from}`, () => of.forEach(stop => stop())).catch(() => {})
    }
    of.get(id)?.()
    of.delete(id)
    if (op === 'ping') back('lead', status)
    else if (op === 'follow') of.set(id, by.follow(relayed(value.request, value.position, back)))
    else if (op === 'caller') void by.changeCaller(value)
    else if (op === 'call')
      by.call(value).then(
        answer => back('answer', answer),
        // If this tab leads no more, the next one is asked.
        (problem: Problem) => connection === by && back('refuse', problem.document),
      )
  }

  /** Hears what the tab that leads tells. */
  function hear({ from, id = 0, op, value }: Message): void {
    const follower = followers.get(id)
    const call = asked.get(id)
    isSilent = false
    if (op === 'lead') {
      if (from === leader) return
      if (from !== me) resign()
      leader = from
      tell(value)
      for (const one of [...followers.keys(), ...asked.keys()]) begin(one)
    } else if (op === 'status') tell(value)
    else if (call) {
      asked.delete(id)
      if (op === 'answer') call.resolve(value)
      else call.reject(new Problem(value))
    } else if (follower && op === 'end') {
      followers.delete(id)
      follower.end(new Problem(value))
    } else if (follower) follower[op as (typeof TOLD)[number]](value as never)
  }

  /** Leads until it is over, and then queues up again. `steal` = takes the lead from a tab that does not answer. */
  function queue(steal = false): void {
    waiting = new AbortController()
    const { signal } = waiting
    const lead = (): Promise<void> | undefined => {
      if (isClosed) return
      const made = webSocket({ ...options, onStatus: now => made === connection && tell(now) })
      connection = made
      leader = null
      say({ op: 'lead', value: 'idle' })
      hear({ from: me, op: 'lead', value: 'idle' })
      return new Promise(resolve => (release = resolve))
    }
    void locks!
      .request(name, steal ? { steal } : { signal }, lead)
      .catch(() => {})
      .then(() => {
        if (signal.aborted) return
        resign()
        if (!isClosed) queue()
      })
  }
  function resign(): void {
    const former = connection
    connection = null
    former?.close()
    served.clear()
    release()
  }

  const beat = setInterval(() => {
    if (connection) return
    if (isSilent) {
      waiting.abort()
      queue(true)
    }
    isSilent = true
    say({ op: 'ping', to: LEADER })
  }, PATIENCE)
  globalThis.document?.addEventListener('freeze', resign)
  void locks.request(`${name} ${me}`, () => {
    channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      const { from, to, op } = data
      if (to === LEADER) {
        if (connection) serveTab(connection, data)
      } else if ((to ?? me) === me && (op === 'lead' || from === leader)) hear(data)
    })
    queue()
    say({ op: 'ping', to: LEADER })
    return over.promise
  })

  return {
    get isInUse() {
      return followers.size > 0 || isClosed
    },
    call({ signal, ...call }) {
      if (isClosed) return Promise.reject(closed())
      const id = ++last
      return new Promise((resolve, reject) => {
        asked.set(id, { call, resolve, reject })
        const abort = (): void => {
          if (asked.delete(id)) reject(aborted())
        }
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort, { once: true })
        begin(id)
      })
    },
    follow(follower) {
      const id = ++last
      followers.set(id, follower)
      begin(id)
      return () => {
        if (followers.delete(id)) serve({ from: me, id, op: 'stop' })
      }
    },
    changeCaller(value) {
      if (value) refuse()
      serve({ from: me, op: 'caller', value })
    },
    close() {
      resign()
      tell('closed')
      isClosed = true
      over.resolve()
      clearInterval(beat)
      globalThis.document?.removeEventListener('freeze', resign)
      channel.close()
      refuse()
    },
  }

  /** The next leader would begin them again. */
  function refuse(): void {
    asked.forEach(({ reject }) => reject(closed()))
    asked.clear()
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
