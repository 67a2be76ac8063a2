import type { Answer, Call } from '../call.ts'

/**
 * Sends the writes to one row one after the other. If they were sent together, one that is refused for a moment would be
 * repeated after those that came later.
 */
export function inRowOrder(): (call: Call, send: () => Promise<Answer>) => Promise<Answer> {
  const last = new Map<string, Promise<unknown>>()
  return (call, send) => {
    const { row } = call
    if (row === undefined) return send()
    const work = last.get(row)?.then(send) ?? send()
    const over = (): unknown => last.get(row) === settled && last.delete(row)
    const settled = work.then(over, over)
    last.set(row, settled)
    return work
  }
}
