import type { Answer, Call, Id, Transport } from './call.ts'
import type { LiveQuery } from './live/live-query.ts'
import type { Pending } from './live/overlay.ts'
import type { Row } from './live/order.ts'
import type { Problem } from './problem.ts'

/** A write that live queries show at once. */
export type Shown = Pick<Pending, 'op' | 'resource' | 'data'> & { readonly id: Id | null }

/** A write that is kept until it is answered. */
export interface KeptWrite {
  readonly call: Call
  readonly shown: Shown
}

/** Where unanswered writes survive a reload. */
export interface Outbox {
  /** The writes that are kept, in the order in which they were made. */
  all(): Promise<readonly KeptWrite[]>
  put(write: KeptWrite): Promise<void>
  /** Forgets the write with this idempotency key. */
  drop(key: string): Promise<void>
}

/** The writes that the server has not answered, in the order in which they were made. */
export class Writes {
  readonly queries: Set<LiveQuery> = new Set()
  readonly #transport: Transport
  readonly #onCount: (count: number) => void
  readonly #outbox: Outbox | undefined
  /** Resolves when the writes of before the reload are on their way. */
  readonly #begun: Promise<unknown>
  #pending: readonly Pending[] = []
  #temporary = 0

  constructor(transport: Transport, onCount: (count: number) => void, outbox?: Outbox) {
    this.#transport = transport
    this.#onCount = onCount
    this.#outbox = outbox
    this.#begun = outbox ? this.#begin(outbox) : Promise.resolve()
  }

  /** Sends the writes that were kept. Nobody waits for their answers, but whoever looks sees what came of them. */
  async #begin(outbox: Outbox): Promise<void> {
    for (const { call, shown } of await outbox.all()) void this.send(call, shown, Promise.resolve()).catch(() => {})
  }

  of(resource: string): readonly Pending[] {
    return this.#pending.filter(write => write.resource === resource)
  }

  /** Sends a write, which live queries show until they are told of it, or it is refused. */
  async send(call: Call, shown: Shown, kept?: Promise<void>): Promise<Answer> {
    const id = shown.id ?? (shown.data['id'] as Id | undefined) ?? `new:${++this.#temporary}`
    const write: Pending = { ...shown, id, key: call.key! }
    this.#set([...this.#pending, write], write)
    try {
      if (this.#outbox) await (kept ?? this.#keep(call, shown))
      const answer = await this.#transport.call(call)
      this.#pending = this.#pending.filter(one => one !== write)
      for (const query of this.#of(write))
        query.settle(write, answeredBy(write, answer), answer.position, answer.isTold)
      this.#forget(write)
      return answer
    } catch (problem) {
      // A write that was not refused is sent after the next reload.
      if (!['closed', 'offline'].includes((problem as Problem).code)) this.#forget(write)
      throw problem
    } finally {
      // It is still there if it was refused.
      if (this.#pending.includes(write)) {
        for (const query of this.#of(write)) query.settle(write, null, undefined, true)
        this.#set(
          this.#pending.filter(one => one !== write),
          write,
        )
      } else this.#onCount(this.#pending.length)
    }
  }

  /** A write is kept before it is sent, after those that were made earlier. */
  async #keep(call: Call, shown: Shown): Promise<void> {
    await this.#begun
    // A signal cannot be kept.
    await this.#outbox!.put({ call: { ...call, signal: undefined }, shown })
  }

  #forget({ key }: Pending): void {
    this.#outbox?.drop(key).catch(() => {})
  }

  #set(pending: readonly Pending[], write: Pending): void {
    this.#pending = pending
    this.#onCount(pending.length)
    for (const query of this.#of(write)) query.changed()
  }

  #of({ resource }: Pending): LiveQuery[] {
    return [...this.queries].filter(query => query.resource === resource)
  }
}

/** The write as the server did it: with the row that it answered. */
function answeredBy(write: Pending, { data }: Answer): Pending {
  if (write.op === 'delete') return write
  const row = data as Row | null
  return row === null ? write : { ...write, op: 'replace', id: (row['id'] as Id | undefined) ?? write.id, data: row }
}
