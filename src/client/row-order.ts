import type { Answer, Call } from './call.ts'

/**
 * Sends the writes to one row one after the other. If they were sent together, one that is refused for a moment would be
 * repeated after those that came later.
 */
export class RowOrder {
  readonly #last = new Map<string, Promise<unknown>>()

  run(call: Call, send: (call: Call) => Promise<Answer>): Promise<Answer> {
    const row = rowOf(call)
    if (row === null) return send(call)
    const before = this.#last.get(row)
    const work = before ? before.then(() => send(call)) : send(call)
    const over = work.then(
      () => {},
      () => {},
    )
    this.#last.set(row, over)
    void over.then(() => this.#last.get(row) === over && this.#last.delete(row))
    return work
  }
}

/** The URI of the row that a call writes. null = it writes none that others can name yet. */
function rowOf({ op, uri, data }: Call): string | null {
  if (op === 'list' || op === 'get' || op === 'act') return null
  if (op !== 'create') return uri
  const id = (data as { readonly id?: number | string } | undefined)?.id
  return id === undefined ? null : `${uri}/${encodeURIComponent(id)}`
}
