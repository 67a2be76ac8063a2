import type { Answer, Call, Id, Transport } from './call.ts'
import type { LiveQuery } from './live/live-query.ts'
import type { Pending } from './live/overlay.ts'
import type { Row } from './live/order.ts'

/** A write that live queries show at once. */
export type Shown = Pick<Pending, 'op' | 'resource' | 'data'> & { readonly id: Id | null }

/** The writes that the server has not answered, in the order in which they were made. */
export class Writes {
  readonly queries: Set<LiveQuery> = new Set()
  readonly #transport: Transport
  readonly #onCount: (count: number) => void
  #pending: readonly Pending[] = []
  #temporary = 0

  constructor(transport: Transport, onCount: (count: number) => void) {
    this.#transport = transport
    this.#onCount = onCount
  }

  of(resource: string): readonly Pending[] {
    return this.#pending.filter(write => write.resource === resource)
  }

  /** Sends a write, which live queries show until they are told of it, or it is refused. */
  async send(call: Call, shown: Shown): Promise<Answer> {
    const id = shown.id ?? (shown.data['id'] as Id | undefined) ?? `new:${++this.#temporary}`
    const data = shown.op === 'create' ? { id, ...shown.data } : shown.data
    const write: Pending = { ...shown, id, data, key: call.key! }
    this.#set([...this.#pending, write], write)
    try {
      const answer = await this.#transport.call(call)
      this.#pending = this.#pending.filter(one => one !== write)
      for (const query of this.#of(write))
        query.settle(write, answeredBy(write, answer), answer.position, answer.isTold)
      return answer
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
