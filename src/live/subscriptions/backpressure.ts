import type { Frame } from '../event.ts'

/** What a mailbox needs from a connection. */
export interface Wire {
  /** Writes bytes in one piece. */
  write(bytes: Frame): void
  /** Bytes that were written and that the connection has not taken yet. */
  readonly buffered: number
  close(reason: 'slow_consumer' | 'going_away' | 'unauthenticated'): void
}

/** How many turns in a row writes may be postponed in favour of new connections. */
const PATIENCE = 64
/** How many connections are written to in one turn. */
const AT_ONCE = 250

/**
 * Writes to many connections. Each connection gets one write for everything that came in a turn, and each turn writes to a
 * limited number of connections. So a commit with thousands of subscribers does not hold up requests, and what arrives in the
 * meantime joins the same write.
 */
export class Postman {
  /** How many events were sent to subscribers since the start. */
  deliveries = 0
  #due: Mailbox[] = []
  /**
   * The mailboxes that are being written to, and the index of the next one. The two lists swap roles, so that no list has to be
   * made for each round.
   */
  #now: Mailbox[] = []
  #next = 0
  #scheduled = false
  /** Whether a connection was accepted since the last round, and for how many rounds in a row writes were postponed. */
  #hasArrival = false
  #waited = 0

  /**
   * Called when a connection is accepted. Node accepts one per turn, so connections that wait behind it would have to wait for
   * as many rounds of writes. Writes are therefore postponed for some turns while more connections come.
   */
  readonly giveWay = (): void => {
    this.#hasArrival = true
  }

  post(mailbox: Mailbox): void {
    this.#due.push(mailbox)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#round)
  }

  readonly #round = (): void => {
    if (this.#hasArrival && this.#waited++ < PATIENCE) {
      this.#hasArrival = false
      setImmediate(this.#round)
      return
    }
    this.#hasArrival = false
    this.#waited = 0
    if (this.#next === this.#now.length) {
      const done = this.#now
      this.#now = this.#due
      this.#due = done
      done.length = this.#next = 0
    }
    const end = Math.min(this.#next + AT_ONCE, this.#now.length)
    while (this.#next < end) this.#now[this.#next++]!.flush()
    this.#scheduled = this.#next < this.#now.length || this.#due.length > 0
    if (this.#scheduled) setImmediate(this.#round)
  }
}

interface Piece {
  readonly frames: readonly Frame[]
  readonly bytes: Frame
}

/**
 * The last joined piece for each first frame. It is remembered per frame, because connections of other dialects come in
 * between.
 */
const pieces = new WeakMap<Frame, Piece>()

/** Joins frames into one piece of bytes. Many connections wait for the same frames, so the piece is shared. */
export function joined(frames: readonly Frame[]): Frame {
  const first = frames[0]!
  const known = pieces.get(first)
  if (known?.frames.length === frames.length && known.frames.every((frame, i) => frame === frames[i]))
    return known.bytes
  const bytes = Buffer.concat(frames)
  pieces.set(first, { frames, bytes })
  return bytes
}

const nothing = (): void => {}

export interface MailboxOptions {
  /** How many bytes may wait for a connection before it counts as slow. */
  readonly bytes: number
  /** A slow connection that does not take a good part of what waits within this many milliseconds is closed. */
  readonly stall: number
}

/**
 * The frames on their way to one connection, in order and bounded. If more than the bound waits, nothing is added until the
 * connection has taken everything; then its subscriptions start again with a reset. A connection that takes nothing is closed.
 */
export class Mailbox {
  readonly #wire: Wire
  readonly #postman: Postman
  readonly #options: MailboxOptions
  /** The frame that waits, and the list of frames if there are several. Usually there is one, and a list would be garbage. */
  #first: Frame | null = null
  #more: Frame[] | null = null
  #bytes = 0
  /** What the wire had not taken when it was last asked. Asking is not free and would happen for every frame otherwise. */
  #unread = 0
  /** Bytes of answers among what waits. They do not count towards the bound: a long snapshot does not make a connection slow. */
  #allowance = 0
  #posted = false
  #isSlow = false
  #isAwaited = false
  #isHeld = false
  #watch: NodeJS.Timeout | null = null
  #closed = false
  /** Called when the connection has taken everything, if somebody was told that it is busy, full or slow. */
  onDrained: () => void = nothing

  constructor(wire: Wire, postman: Postman, options: MailboxOptions) {
    this.#wire = wire
    this.#postman = postman
    this.#options = options
  }

  /** Whether too much waits. Events are then left out, and a reset follows later. */
  get slow(): boolean {
    return this.#isSlow
  }

  /** How many bytes wait in the mailbox and in the wire. */
  get waiting(): number {
    return this.#bytes + this.#wire.buffered
  }

  /** Whether the connection should not be given more now. `onDrained` is called when it has taken everything. */
  get isFull(): boolean {
    if (this.waiting <= this.#options.bytes) return false
    this.#isAwaited = true
    return true
  }

  /** Whether anything has not been taken yet. `onDrained` is called when it has. */
  get isBusy(): boolean {
    if (this.waiting === 0) return false
    this.#isAwaited = true
    return true
  }

  /** Queues the frame of an event. False if it was left out because the connection is slow. */
  push(frame: Frame): boolean {
    if (this.#closed) return true
    const most = this.#options.bytes + this.#allowance
    // The remembered number is compared first; only when it is too high is the wire asked.
    if (!this.#isSlow && this.#bytes + this.#unread > most && this.#look() + this.#bytes > most) {
      this.#isSlow = this.#isAwaited = true
      this.#guard()
    }
    if (this.#isSlow) return false
    this.#postman.deliveries++
    this.#add(frame)
    return true
  }

  /** Queues a frame that must not be left out: an answer, a snapshot or a reset. */
  answer(frame: Frame): void {
    if (this.#closed) return
    this.#allowance += frame.length
    this.#add(frame)
  }

  /** Writes what waits, and holds back what comes until `release`. */
  hold(): void {
    this.flush()
    this.#isHeld = true
  }

  /** Ends the hold. What `answer` queues is written before what was held back. */
  release(answer: () => void): void {
    const [first, more, bytes] = [this.#first, this.#more ?? [], this.#bytes]
    this.#first = this.#more = null
    this.#bytes = 0
    this.#isHeld = false
    try {
      answer()
    } finally {
      if (bytes > 0 && !this.#closed) for (const frame of more.length > 0 ? more : [first!]) this.#add(frame)
    }
  }

  flush(): void {
    this.#posted = false
    if (this.#isHeld) return
    const first = this.#first
    const more = this.#more
    if (this.#closed || first === null) return
    this.#first = this.#more = null
    this.#bytes = 0
    this.#wire.write(more === null ? first : joined(more))
    if (this.#look() > this.#options.bytes) this.#guard()
    else if (this.#unread === 0) this.#taken()
  }

  /** Called when the connection has taken what was written. */
  drained(): void {
    if (!this.#closed && this.#first === null && this.#look() === 0) this.#taken()
  }

  #look(): number {
    return (this.#unread = this.#wire.buffered)
  }

  #taken(): void {
    if (this.#closed) return
    this.#allowance = 0
    this.#isSlow = false
    if (this.#watch) clearTimeout(this.#watch)
    this.#watch = null
    if (!this.#isAwaited) return
    this.#isAwaited = false
    this.onDrained()
  }

  close(): void {
    this.#closed = true
    this.#first = this.#more = null
    this.#bytes = 0
    if (this.#watch) clearTimeout(this.#watch)
  }

  #add(frame: Frame): void {
    if (this.#first === null) this.#first = frame
    else if (this.#more === null) this.#more = [this.#first, frame]
    else this.#more.push(frame)
    this.#bytes += frame.length
    if (this.#posted || this.#isHeld) return
    this.#posted = true
    this.#postman.post(this)
  }

  /**
   * Watches a slow connection: closes it, with `slow_consumer`, if it takes too little of what waits in an interval. This is
   * where a reader that stalls is cut off.
   */
  #guard(): void {
    if (this.#watch) return
    const { bytes, stall } = this.#options
    const before = this.#wire.buffered
    this.#watch = setTimeout(() => {
      this.#watch = null
      if (this.#wire.buffered > before - bytes / 16) this.#wire.close('slow_consumer')
      else this.#guard()
    }, stall)
    this.#watch.unref()
  }
}
