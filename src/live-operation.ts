import type { IdOf, Modelled, Row } from './model/declare/types.ts'
import { callOf } from './engine/call/app-call.ts'
import type { Engine } from './engine/engine.ts'
import type { Call } from './engine/call/call.ts'
import type { Explanation } from './live/explain.ts'
import type { Live } from './live/live.ts'
import { followRows, type FollowOptions, type LiveRows } from './live/subscriptions/follow-rows.ts'
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
export interface LiveOperation<M> {
  <K extends Modelled<M>>(name: K, options?: LiveQuery<M, K>): AsyncGenerator<LiveRows<Row<M, K>>, void>
  /**
   * What following a query costs, and why: whether its view follows from what commits change, or is asked again.
   * `await app.live.explain('todo', { filter: { done: false } })` → `{ upkeep: 'rows', foundBy: ['done = false'], … }`.
   * Throws ApiError as following would.
   */
  explain<K extends Modelled<M>>(name: K, options?: Omit<LiveQuery<M, K>, keyof FollowOptions>): Promise<Explanation>
}

export function liveOperation<M>(engine: Engine, live: Live, ready: () => Promise<void>): LiveOperation<M> {
  const callFor = <K extends Modelled<M>>(name: K, { id, ...query }: LiveQuery<M, K>): Call =>
    id === undefined
      ? callOf(engine, 'list', name, null, undefined, query)
      : callOf(engine, 'get', name, id, undefined, query)
  async function* follow<K extends Modelled<M>>(
    name: K,
    { signal, mode, ...query }: LiveQuery<M, K> = {},
  ): AsyncGenerator<LiveRows<Row<M, K>>, void> {
    await ready()
    const options = { ...(signal && { signal }), ...(mode !== undefined && { mode }) }
    yield* followRows<Row<M, K>>(live, callFor(name, query as LiveQuery<M, K>), options)
  }
  return Object.assign(follow, {
    async explain<K extends Modelled<M>>(name: K, options: LiveQuery<M, K> = {}): Promise<Explanation> {
      await ready()
      return live.explain(callFor(name, options))
    },
  })
}
