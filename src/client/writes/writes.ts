import type { Answer, Call, Id, Shown } from '../call.ts'
import type { LiveQuery } from '../live/live-query.ts'
import type { Pending } from '../live/overlay.ts'
import type { Row } from '../live/order.ts'

/** The writes that the server has not answered, in the order in which they were made. */
export interface Writes {
  readonly of: (resource: string | null) => readonly Pending[]
  /** Sends a write, which live queries show until they are told of it, or it is refused. */
  send(call: Call, shown: Shown): Promise<Answer>
  /** Shows them no more: their user has logged out. */
  forget(): void
}

export function writesOf(
  queriesOf: (resource: string) => readonly LiveQuery[],
  sendCall: (call: Call) => Promise<Answer>,
  onCount: (count: number) => void,
): Writes {
  let pending: readonly Pending[] = []
  const set = (writes: readonly Pending[]): void => {
    pending = writes
    onCount(writes.length)
  }
  return {
    forget: () => set([]),
    of: resource => pending.filter(write => write.resource === resource),
    async send(call, { resource, id }) {
      const { op, key, data = {} } = call
      // Until the server has chosen an id, the row has a temporary one.
      const write = { op, resource, id: id ?? `new:${key}`, data, key } as Pending
      set([...pending, write])
      for (const query of queriesOf(resource)) query.changed()
      const settle = (answered: Pending | null, { position, isTold }: Partial<Answer>): void => {
        if (!pending.includes(write)) return
        set(pending.filter(one => one !== write))
        for (const query of queriesOf(resource)) query.settle(write, answered, position, isTold)
        // What is written to a new row under its temporary id goes on under that of the server.
        if (answered) for (const one of pending) if (one.id === write.id) one.id = answered.id
      }
      try {
        const answer = await sendCall(call)
        settle(answeredBy(write, answer), answer)
        return answer
      } catch (problem) {
        settle(null, { isTold: true })
        throw problem
      }
    },
  }
}

/** The write as the server did it: with the row that it answered. */
function answeredBy(write: Pending, { data }: Answer): Pending {
  const row = data as Row | null
  return write.op === 'delete' || !row
    ? write
    : { ...write, op: 'replace', id: (row['id'] as Id) ?? write.id, data: row }
}
