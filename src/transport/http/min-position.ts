import type { Exchange } from './exchange.ts'
import type { Face } from './face.ts'

/** Waits for the position that a request names in `Min-Position` (protocol §7.6). null = it names none. */
export function positionReached({ live }: Pick<Face, 'live'>, { minPosition }: Exchange): Promise<void> | null {
  if (live === null || minPosition === undefined) return null
  return live.awaitPosition(minPosition, { header: 'min-position' })
}
