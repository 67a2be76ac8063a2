import type { Answer, Call, Id, Shown } from './call.ts'
import type { LiveQuery } from './live/live-query.ts'
import type { Pending } from './live/overlay.ts'
import type { Row } from './live/order.ts'

/** The writes that the server has not answered, in the order in which they were made. */
export class Writes {
  readonly #queries: ReadonlyMap<string, LiveQuery>
  readonly #send: (call: Call) => Promise<Answer>
  readonly #onCount: (count: number) => void
  #pending: readonly Pending[] = []

  constructor(
    queries: ReadonlyMap<string, LiveQuery>,
    send: (call: Call) => Promise<Answer>,
    onCount: (count: number) => void,
  ) {
    this.#queries = queries
    this.#send = send
    this.#onCount = onCount
  }

  of(resource: string | null): readonly Pending[] {
    return this.#pending.filter(write => write.resource === resource)
  }

  /** Sends a write, which live queries show until they are told of it, or it is refused. */
  async send(call: Call, { resource, id }: Shown): Promise<Answer> {
    const { op, key, data = {} } = call
    const write = { op, resource, id: id ?? temporaryId(key!), data, key } as Pending
    this.#set([...this.#pending, write])
    const each = (change: (query: LiveQuery) => void): void =>
      [...this.#queries.values()].filter(query => query.resource === resource).forEach(change)
    each(query => query.changed())
    const settle = (answered: Pending | null, { position, isTold }: Partial<Answer>): void => {
      this.#set(this.#pending.filter(one => one !== write))
      each(query => query.settle(write, answered, position, isTold))
      // What is written to a new row under its temporary id goes on under that of the server.
      if (answered) for (const one of this.#pending) if (one.id === write.id) one.id = answered.id
    }
    try {
      const answer = await this.#send(call)
      settle(answeredBy(write, answer), answer)
      return answer
    } catch (problem) {
      settle(null, { isTold: true })
      throw problem
    }
  }

  #set(pending: readonly Pending[]): void {
    this.#pending = pending
    this.#onCount(pending.length)
  }
}

/** The id of a row that is being created, until the server has chosen one. */
const temporaryId = (key: string): string => `new:${key}`

/** The write as the server did it: with the row that it answered. */
function answeredBy(write: Pending, { data }: Answer): Pending {
  const row = data as Row | null
  return write.op === 'delete' || !row
    ? write
    : { ...write, op: 'replace', id: (row['id'] as Id) ?? write.id, data: row }
}
