import type { Opened } from '../open.ts'
import { isBusy } from '../write/conflict.ts'

/**
 * At the first read of a turn: whether another process has written. If it left no record, a term begins at once, so that
 * nothing kept from before is used, and no tag from before is valid. If that process still writes, the next write begins it.
 */
export function followOthers({ turn, state, writer }: Opened): boolean {
  if (!state.look()) return false
  if (!state.isTermDue) return true
  turn.end()
  try {
    writer.begin()
    writer.commit()
  } catch (error) {
    if (!isBusy(error)) throw error
  }
  state.opened(turn.begin())
  return true
}
