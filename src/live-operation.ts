import type { Selected } from './model/declare/shown.ts'
import type { IdOf, Modelled, Row } from './model/declare/types.ts'
import { appCall } from './engine/call/app-call.ts'
import type { Engine } from './engine/engine.ts'
import type { Call } from './engine/call/call.ts'
import type { ViewExplanation } from './live/explain.ts'
import type { Live } from './live/live.ts'
import { followRows, type FollowOptions, type LiveRows } from './live/subscriptions/follow-rows.ts'
import type { ListOptions } from './model/rules/row-operations.ts'

/** Which rows are followed, which of their fields are shown, and until when. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever fields, relations and sort keys the model has
export type LiveQuery<M, K, F extends string = any, I extends string = any, D = number, S extends string = any> = Omit<
  ListOptions<M, K, F, I, D, S>,
  'cursor' | 'total' | 'ifMatch'
> &
  FollowOptions & {
    /** Follow this row alone. */
    readonly id?: IdOf<M, K>
  }

/**
 * Follows a query from within the process. Nothing is read before the loop asks for the first step. The loop ends when the signal
 * is aborted or the API is closed.
 *
 * @example
 * for await (const { rows, changes } of app.live('todo', { filter: { done: false } })) render(rows)
 *
 * @throws {ApiError} what reading the same rows would throw.
 */
export interface LiveOperation<M> {
  <
    K extends Modelled<M>,
    const F extends string = never,
    const I extends string = never,
    const D extends number = 1,
    const S extends string = never,
  >(
    name: K,
    options?: LiveQuery<M, K, F, I, D, S>,
  ): AsyncGenerator<LiveRows<Selected<M, K, F, I, D>>, void>
  /**
   * Explains what following a query costs: whether its rows are updated from each commit (`rows`), or the query is run again.
   *
   * @example
   * await app.live.explain('todo', { filter: { done: false } }) // { upkeep: 'rows', foundBy: ['done = false'], … }
   *
   * @throws {ApiError} what following the query would throw.
   */
  explain<K extends Modelled<M>>(
    name: K,
    options?: Omit<LiveQuery<M, K>, keyof FollowOptions>,
  ): Promise<ViewExplanation>
}

export function liveOperation<M>(engine: Engine, live: Live, ready: () => Promise<void>): LiveOperation<M> {
  const callFor = <K extends Modelled<M>>(name: K, { id, ...query }: LiveQuery<M, K>): Call =>
    id === undefined
      ? appCall(engine, { operation: 'list', name }, query)
      : appCall(engine, { operation: 'get', name, id }, query)
  async function* follow<K extends Modelled<M>>(
    name: K,
    { signal, mode, absent, since, ...query }: LiveQuery<M, K> = {},
  ): AsyncGenerator<LiveRows<Row<M, K>>, void> {
    await ready()
    const options = {
      ...(signal && { signal }),
      ...(mode !== undefined && { mode }),
      ...(absent && { absent }),
      ...(since !== undefined && { since }),
    }
    const call = callFor(name, query as LiveQuery<M, K>)
    if (call.min !== undefined) await live.awaitPosition(call.min, { parameter: 'min' })
    yield* followRows<Row<M, K>>(live, call, options)
  }
  const explain = async <K extends Modelled<M>>(name: K, options: LiveQuery<M, K> = {}): Promise<ViewExplanation> => {
    await ready()
    return live.explain(callFor(name, options))
  }
  // What a row shows depends on the options, which the compiler checks where it is called.
  return Object.assign(follow as LiveOperation<M>, { explain })
}
