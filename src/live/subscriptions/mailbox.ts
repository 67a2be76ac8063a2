import type { Frame } from '../event.ts'

/** What a mailbox needs of a connection. */
export interface Wire {
  /** Writes what is due as one piece. */
  write(bytes: Frame): void
  /** Bytes that were written and not yet taken. */
  readonly buffered: number
  close(reason: 'slow_consumer' | 'going_away' | 'unauthenticated'): void
}

/** Turns that writes wait for connections to be taken. */
const PATIENCE = 64
/** Wires that are written in one turn before others get a chance. */
const AT_ONCE = 250

/**
 * Writes what is due to many connections: one write a connection for all that came in a turn, some connections a turn,
 * so that a commit with thousands of subscribers does not hold up requests, and what arrives meanwhile joins.
 */
export class Postman {
  #due: Mailbox[] = []
  /** Those that are written now, and the first that was not yet. The lists take turns: a new one for each change would be garbage. */
  #now: Mailbox[] = []
  #next = 0
  #scheduled = false
  /** A connection was taken since the last round, and how many rounds in a row were put off for that. */
  #hasArrival = false
  #waited = 0

  /**
   * A connection was taken. Node takes one a turn: those that wait behind it would wait for as many rounds of writes, so
   * these are put off for a few turns as long as more come.
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

/** The last piece that began with a frame: connections that are told in other words come in between. */
const pieces = new WeakMap<Frame, Piece>()

/** Frames as one piece of bytes. Many connections wait for the same frames: they share the piece. */
export function joined(frames: readonly Frame[]): Frame {
  const first = frames[0]!
  const known = pieces.get(first)
  if (known?.frames.length === frames.length && known.frames.every((frame, i) => frame === frames[i]))
    return known.bytes
  const bytes = Buffer.concat(frames)
  pieces.set(first, { frames, bytes })
  return bytes
}

export interface MailboxOptions {
  /** Bytes that may wait for a connection before it counts as slow. */
  readonly bytes: number
  /** Milliseconds in which a connection must have taken a good part of what waits, or it is closed. */
  readonly stall: number
}

/**
 * Frames on their way to one connection, in order and bounded. When more waits than the bound, nothing is added until the
 * connection has taken everything; then its subscriptions start anew with a reset. One that takes nothing is closed.
 */
export class Mailbox {
  readonly #wire: Wire
  readonly #postman: Postman
  readonly #options: MailboxOptions
  /** The frame that waits, and all that wait where there are more: mostly there are not, and a list for one is garbage. */
  #first: Frame | null = null
  #more: Frame[] | null = null
  #bytes = 0
  /** What the wire had not taken when it was asked last; it is asked as seldom as can be, as it is once a frame otherwise. */
  #unread = 0
  /** Bytes of answers among what waits: a long snapshot does not make a connection slow. */
  #allowance = 0
  #posted = false
  #isSlow = false
  #isAwaited = false
  #watch: NodeJS.Timeout | null = null
  #closed = false
  /** Called once the connection has taken everything, if somebody was told that it is busy or slow. */
  onDrained: () => void = () => {}

  constructor(wire: Wire, postman: Postman, options: MailboxOptions) {
    this.#wire = wire
    this.#postman = postman
    this.#options = options
  }

  /** Too much waits: what would be added now is left out, and told by a reset later. */
  get slow(): boolean {
    return this.#isSlow
  }

  /** Bytes on their way. */
  get waiting(): number {
    return this.#bytes + this.#wire.buffered
  }

  /** More waits than the connection should be given; `onDrained` tells when it has taken it. */
  get isFull(): boolean {
    if (this.waiting <= this.#options.bytes) return false
    this.#isAwaited = true
    return true
  }

  /** Something has not been taken yet; `onDrained` tells when it is. */
  get isBusy(): boolean {
    if (this.waiting === 0) return false
    this.#isAwaited = true
    return true
  }

  /** Queues an event's frame; false if it was left out because the connection is slow. */
  push(frame: Frame): boolean {
    if (this.#closed) return true
    const most = this.#options.bytes + this.#allowance
    if (!this.#isSlow && this.#bytes + this.#unread > most && this.#look() + this.#bytes > most) {
      this.#isSlow = this.#isAwaited = true
      this.#guard()
    }
    if (this.#isSlow) return false
    this.#add(frame)
    return true
  }

  /** Queues a frame that must not be left out: an answer, a snapshot, a reset. */
  answer(frame: Frame): void {
    if (this.#closed) return
    this.#allowance += frame.length
    this.#add(frame)
  }

  flush(): void {
    this.#posted = false
    const first = this.#first
    const more = this.#more
    if (this.#closed || first === null) return
    this.#first = this.#more = null
    this.#bytes = 0
    this.#wire.write(more === null ? first : joined(more))
    if (this.#look() > this.#options.bytes) this.#guard()
    else if (this.#unread === 0) this.#taken()
  }

  /** The connection took what was written. */
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
    if (this.#posted) return
    this.#posted = true
    this.#postman.post(this)
  }

  /** From now on it has to take a good part of what waits in each interval. */
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
