import type { IdOf, Modelled, Row } from './model/types.ts'
import { callOf } from './engine/program.ts'
import type { Engine } from './engine/engine.ts'
import type { Live } from './live/live.ts'
import { followRows, type FollowOptions, type LiveRows } from './live/rows.ts'
import type { ListOptions } from './operations.ts'

/** Which rows are followed, how they are shown, and until when. */
export type LiveQuery<M, K> = Omit<ListOptions<M, K>, 'cursor' | 'total' | 'ifMatch'> &
  FollowOptions & {
    /** One row alone. */
    readonly id?: IdOf<M, K>
  }

/**
 * Follows a query without a socket: `for await (const { rows, changes } of app.live('todo', { filter: { done: false } }))`.
 * Nothing is read before the first step is asked for. Throws ApiError as reading would; ends with the signal or the Api.
 */
export type LiveOperation<M> = <K extends Modelled<M>>(
  name: K,
  options?: LiveQuery<M, K>,
) => AsyncGenerator<LiveRows<Row<M, K>>, void>

export function liveOperation<M>(engine: Engine, live: Live, ready: () => Promise<void>): LiveOperation<M> {
  return async function* (name, { signal, mode, id, ...query } = {}) {
    await ready()
    const call =
      id === undefined
        ? callOf(engine, 'list', name, null, undefined, query)
        : callOf(engine, 'get', name, id, undefined, query)
    const options = { ...(signal && { signal }), ...(mode !== undefined && { mode }) }
    yield* followRows<never>(live, call, options)
  }
}
