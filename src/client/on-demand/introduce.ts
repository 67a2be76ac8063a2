import type { Frame } from '../call.ts'
import type { Problem } from '../problem.ts'
import type { Session } from '../session.ts'

/** How long before the credentials of a connection end they are renewed, in seconds. */
const AHEAD = 30

/** A connection that somebody speaks on. */
export interface Introduced {
  /** Resolves to the answer. Rejects if it is a refusal, or the connection was lost. */
  readonly exchange: (frame: Frame) => Promise<Frame>
  readonly isLost: () => boolean
  /** The token is another one: it has to be said again. */
  readonly again: () => void
}

/**
 * Says on a WebSocket whose it is (docs/protocol.md §8.2), and has it said again before the credentials end. Resolves to the
 * answer. undefined = nobody is logged in any more.
 */
export async function introduce(session: Session, connection: Introduced): Promise<Frame | undefined> {
  try {
    return await session.withToken(async token => {
      const answer = await connection.exchange({ op: 'auth', token })
      renewInTime(session, connection, token, answer['expires'] as number | undefined)
      return answer
    })
  } catch (problem) {
    if ((problem as Problem).status !== 401) throw problem
    return undefined
  }
}

function renewInTime(session: Session, connection: Introduced, token: string | null, seconds = 0): void {
  if (seconds === 0) return
  const renew = (): void => {
    // If it cannot be renewed, the server ends the connection, and the next one tries again.
    if (!connection.isLost()) session.renew(token).then(connection.again, () => {})
  }
  const timer = setTimeout(renew, Math.min(2 ** 31 - 1, Math.max(1, seconds - AHEAD) * 1000))
  ;(timer as { unref?(): void }).unref?.()
}
