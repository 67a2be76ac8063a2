import type { Frame, Id } from '../call.ts'
import type { Follower, LiveTransport, LiveTransportOptions, Outline } from '../follower.ts'
import { local, Problem } from '../problem.ts'
import { reconnecting, type Reconnect } from '../socket/reconnect.ts'
import type { Comparison } from '../live/order.ts'
import { patientCalls } from './patient-calls.ts'
import { readEvents, type StreamEvent } from './event-reader.ts'

/** The server shows life every 15 s, so a stream that is silent for longer has been lost. */
const SILENCE = 40_000

const KINDS: Readonly<Record<string, string>> = { created: 'enter', updated: 'change', deleted: 'leave' }

/**
 * Live queries over Server-Sent Events, for networks that let no WebSocket through. Each query has a stream of its own, and
 * calls are requests. Over HTTP/1.1 a browser has at most six connections to a host.
 */
export function streams(options: LiveTransportOptions): LiveTransport {
  const open = new Set<Stream>()
  const calls = patientCalls(options, () => open.size > 0)
  let isClosed = false
  const tell = (): void => {
    if (isClosed) return options.onStatus('closed')
    const all = [...open]
    options.onStatus(all.length === 0 ? 'idle' : all.every(one => one.isOpen) ? 'open' : 'offline')
  }
  return {
    get isInUse() {
      return open.size > 0 || isClosed
    },
    call: call => calls.call(call),
    follow(follower) {
      const stream = new Stream(follower, options, tell)
      open.add(stream)
      tell()
      return () => {
        open.delete(stream)
        stream.close()
        tell()
      }
    },
    changeCaller(isOther) {
      calls.changeCaller(isOther)
      for (const stream of open) stream.restart()
    },
    close() {
      isClosed = true
      calls.close()
      for (const stream of open) stream.close()
      open.clear()
      tell()
    },
  }
}

/** The stream of one query, over all its connections. */
class Stream {
  readonly #follower: Follower
  readonly #options: LiveTransportOptions
  readonly #tell: () => void
  readonly #reconnect: Reconnect
  #abort = new AbortController()
  #isClosed = false
  isOpen = false

  constructor(follower: Follower, options: LiveTransportOptions, tell: () => void) {
    this.#follower = follower
    this.#options = options
    this.#tell = tell
    this.#reconnect = reconnecting(() => void this.#run(), options.random)
    void this.#run()
  }

  /** Begins anew, as another caller. */
  restart(): void {
    this.#abort.abort()
  }

  /** Nothing that still arrives is heard. */
  close(): void {
    this.#isClosed = true
    this.#reconnect.close()
    this.#abort.abort()
  }

  async #run(): Promise<void> {
    this.#abort = new AbortController()
    const { signal } = this.#abort
    try {
      await this.#read(signal)
    } catch (thrown) {
      if (this.#isClosed) return
      const problem = thrown instanceof Problem ? thrown : local('offline', 'the stream was lost', thrown)
      // A stream that was open ends with its credentials, and the next one renews them. One that cannot be opened is refused.
      const isEnded = this.isOpen && problem.status === 401
      if (!isEnded && !problem.isPassing && problem.code !== 'aborted') return this.#refuse(problem)
    }
    if (this.#isClosed) return
    this.#set(false)
    this.#follower.stale()
    this.#reconnect.later()
  }

  #refuse(problem: Problem): void {
    this.#set(false)
    this.#follower.end(problem)
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { request, position } = this.#follower
    const { uri, params: query, absent } = request
    await this.#learn()
    // In the URI, `since` and `absent` would be filters where fields are called like that.
    const headers = {
      accept: 'text/event-stream',
      prefer: absent ? 'changes=patch, absent=wait' : 'changes=patch',
      'last-event-id': position ?? undefined,
    }
    const response = await this.#options.http.send('GET', uri as string, { query, headers, signal })
    this.#reconnect.succeeded()
    this.#set(true)
    if (position !== null) this.#follower.hear({ op: 'resumed', position })
    let timer: ReturnType<typeof setTimeout> | undefined
    const step = new Step(frame => this.#follower.hear(frame))
    try {
      for await (const event of readEvents(response.body!)) {
        if (this.#isClosed) return
        clearTimeout(timer)
        timer = setTimeout(() => this.#abort.abort(), SILENCE)
        if (event?.event === 'problem') throw new Problem(event.data)
        if (event?.event === 'told') this.#follower.advance(event.id!)
        else if (event) step.read(event)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Looks the resource up in the catalogue. A server that hides it tells nothing. */
  async #learn(): Promise<void> {
    const { uri, params } = this.#follower.request
    if (!params) return
    const catalogue = this.#options.http.json('GET', '/') as Promise<{ outlines?: Outlines }>
    const { outlines = {} } = await catalogue.catch((): { outlines?: Outlines } => ({}))
    const outline = Object.values(outlines).find(({ path }) => uri === path || (uri as string).startsWith(`${path}/`))
    const sort = [params.sort ?? []].flat() as string[]
    if (outline) this.#follower.learn({ ...outline, sort: sort.map(key => comparisonOf(outlines, outline, key)) })
  }

  #set(isOpen: boolean): void {
    this.isOpen = isOpen
    this.#tell()
  }
}

type Outlines = Readonly<Record<string, Outline & { readonly path: string }>>

/** How the values of a sort key compare. A relation is followed to the field at its end. */
function comparisonOf(outlines: Outlines, outline: Outline, key: string): Comparison {
  const [name, ...rest] = key.replace('-', '').split('.')
  if (rest.length === 0) return outline.order[name!] ?? null
  const related = outlines[outline.relations[name!]?.to ?? '']
  return related ? comparisonOf(outlines, related, rest.join('.')) : null
}

/** Collects events until they are a message of restuary.1: the last event of a commit has the position. */
class Step {
  readonly #hear: (frame: Frame) => void
  #ids: Id[] | null = null
  #isReset = false
  #by: readonly string[] | undefined
  #events: Frame[] = []
  #hasPart = false

  constructor(hear: (frame: Frame) => void) {
    this.#hear = hear
  }

  read({ event, id, data }: StreamEvent): void {
    switch (event) {
      case 'reset':
        this.#isReset = true
        return
      case 'ids':
        this.#ids = data
        return
      case 'by':
        this.#by = data.keys
        return
      case 'behind':
        return this.#hear({ op: 'behind' })
      case 'snapshot':
        return this.#snapshot(data, id)
      case 'ready':
        return this.#snapshot([], id)
      case 'order':
        return this.#commit(data.ids, id)
      default:
        if (event in KINDS) {
          this.#events.push({ ...data, kind: KINDS[event] })
          if (id !== undefined) this.#commit(undefined, id)
        }
    }
  }

  #snapshot(data: readonly Frame[], position: string | undefined): void {
    const ids = this.#ids ?? data.map(row => (row as Frame | null)?.['id'])
    const op = this.#isReset || !this.#hasPart ? 'reset' : 'snapshot'
    this.#ids = null
    this.#isReset = false
    this.#hasPart = position === undefined
    this.#hear({ op, data, ids, ...(position === undefined ? { more: true } : { position }) })
  }

  #commit(order: readonly Id[] | undefined, position: string | undefined): void {
    const events = this.#events
    const by = this.#by
    this.#events = []
    this.#by = undefined
    this.#hear({ op: 'commit', events, position, ...(order && { order }), ...(by && { by }) })
  }
}
