import { ApiError, type NamedAt } from '../../protocol/error.ts'
import { parsePosition } from '../../protocol/position.ts'
import type { Store } from '../../store/store.ts'
import { ready } from '../../store/work.ts'

/** The longest time that a read waits for a position, in milliseconds. */
const PATIENCE = 2_000

/**
 * Resolves when the store has reached a position, so that a client reads what it has written (protocol §7.6). Throws ApiError
 * `validation` if the text is not a position, and `unavailable` if it is not reached in time or belongs to another history.
 */
export async function awaitPosition(store: Store, text: string, place: NamedAt): Promise<void> {
  const position = parsePosition(text)
  if (!position)
    throw new ApiError('validation', { issues: [{ ...place, code: 'format', detail: 'must be a position' }] })
  // Reading tells of terms that have begun on other nodes.
  const here = await positionOf(store)
  if (store.terms.seqOf(text) === null)
    throw new ApiError('unavailable', {
      detail: 'the position belongs to another history; read without it',
      expected: true,
    })
  if (here >= position.seq) return
  await new Promise<void>((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearTimeout(timer)
      stop()
      if (error === undefined) resolve()
      else reject(error)
    }
    const look = (): void => {
      Promise.resolve(positionOf(store)).then(seq => {
        if (seq >= position.seq) finish()
      }, finish)
    }
    const late = (): void => finish(new ApiError('unavailable', { detail: `${text} is not here yet`, expected: true }))
    const timer = setTimeout(late, PATIENCE)
    const stop = store.onCommit(look)
    look()
  })
}

async function positionOf(store: Store): Promise<number> {
  return store.read(snapshot => ready(snapshot.position), { row: null })
}
