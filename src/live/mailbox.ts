import type { Frame } from './event.ts'

/** What a mailbox needs of a connection. */
export interface Wire {
  /** Writes frames as one piece; false if the connection takes no more for now (`drained` tells when it does). */
  write(frames: readonly Frame[]): boolean
  /** Bytes that were written and not yet taken. */
  readonly buffered: number
  close(reason: 'slow_consumer' | 'going_away' | 'unauthenticated'): void
}

/** Wires that are written in one turn before others get a chance. */
const AT_ONCE = 250

/**
 * Writes what is due to many connections: one write a connection for all that came in a turn, some connections a turn,
 * so that a commit with thousands of subscribers does not hold up requests, and what arrives meanwhile joins.
 */
export class Postman {
  #due: Mailbox[] = []
  #scheduled = false

  post(mailbox: Mailbox): void {
    this.#due.push(mailbox)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#round)
  }

  readonly #round = (): void => {
    const now = this.#due.length > AT_ONCE ? this.#due.splice(0, AT_ONCE) : this.#due
    if (now === this.#due) this.#due = []
    for (const mailbox of now) mailbox.flush()
    this.#scheduled = this.#due.length > 0
    if (this.#scheduled) setImmediate(this.#round)
  }
}

export interface MailboxOptions {
  /** Bytes that may wait for a connection before it counts as slow. */
  readonly bytes: number
  /** Milliseconds that a slow connection has to take what waits before it is closed. */
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
  #frames: Frame[] = []
  #bytes = 0
  #posted = false
  #stalled: NodeJS.Timeout | null = null
  #closed = false
  /** Called once a slow connection has taken what waited. */
  onDrained: () => void = () => {}

  constructor(wire: Wire, postman: Postman, options: MailboxOptions) {
    this.#wire = wire
    this.#postman = postman
    this.#options = options
  }

  /** Too much waits: what would be added now is left out, and told by a reset later. */
  get slow(): boolean {
    return this.#stalled !== null
  }

  /** Queues an event's frame; false if it was left out because the connection is slow. */
  push(frame: Frame): boolean {
    if (this.#closed) return true
    if (this.#stalled) return false
    if (this.#bytes + this.#wire.buffered > this.#options.bytes) {
      this.#stall()
      return false
    }
    this.answer(frame)
    return true
  }

  /** Queues a frame that must not be left out: an answer, a snapshot, a reset. */
  answer(frame: Frame): void {
    if (this.#closed) return
    this.#frames.push(frame)
    this.#bytes += frame.length
    if (this.#posted) return
    this.#posted = true
    this.#postman.post(this)
  }

  flush(): void {
    this.#posted = false
    if (this.#closed || this.#frames.length === 0) return
    const frames = this.#frames
    this.#frames = []
    this.#bytes = 0
    this.#wire.write(frames)
  }

  /** The connection took what was written. */
  drained(): void {
    if (!this.#stalled || this.#closed || this.#frames.length > 0 || this.#wire.buffered > 0) return
    clearTimeout(this.#stalled)
    this.#stalled = null
    this.onDrained()
  }

  close(): void {
    this.#closed = true
    this.#frames = []
    if (this.#stalled) clearTimeout(this.#stalled)
  }

  #stall(): void {
    this.#stalled = setTimeout(() => this.#wire.close('slow_consumer'), this.#options.stall)
    this.#stalled.unref()
  }
}
