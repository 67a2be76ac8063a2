import type { SocketSession } from '../socket/session.ts'
import type { UriTargets } from '../uri-target.ts'
import { readBatch } from './read-batch.ts'
import { batchText } from './write-batch.ts'

/** The answer to a batch on a socket. */
export interface BatchAnswer {
  /** JSON text. */
  readonly data: string
  readonly position: string
  readonly replayed: boolean
}

/** Runs the batch that the client of a socket sent. Rejects with ApiError if nothing has happened. */
export async function sessionBatch(
  session: Pick<SocketSession, 'host' | 'read' | 'asking' | 'principal'>,
  targets: UriTargets,
  calls: unknown,
  key: string | null,
): Promise<BatchAnswer> {
  const { host, principal } = session
  const reader = {
    targets,
    prefix: '',
    host,
    read: session.read.bind(session),
    asking: session.asking.bind(session),
  }
  const parts = readBatch(calls, reader)
  const done = await host.engine.batch({ parts, principal, key, content: calls })
  const names = parts.map(({ name }) => name)
  return { data: batchText(done, names), position: done.position, replayed: done.replayed }
}
