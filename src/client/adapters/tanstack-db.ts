import type { Asked } from '../problem.ts'
import type { Live, LiveState } from '../types/live.ts'

/** What a collection needs of a resource of the client. */
interface Followed<R, I> {
  create(data: never, options: { readonly optimistic: false }): Asked<unknown>
  patch(id: I, data: never, options: { readonly optimistic: false }): Asked<unknown>
  delete(id: I, options: { readonly optimistic: false }): Asked<unknown, unknown>
  live(query: never): Live<R, I>
}

/** A change that a collection shows already. */
interface Mutation<R> {
  readonly key: unknown
  readonly modified: R
  readonly changes: Partial<R>
}
interface Transaction<R> {
  readonly transaction: { readonly mutations: readonly Mutation<R>[] }
}

/** How a collection is kept in step: the part of TanStack DB's `SyncConfig` that is used. */
interface Sync<R, I> {
  readonly begin: () => void
  readonly write: (
    change: { readonly type: 'insert' | 'update'; readonly value: R } | { readonly type: 'delete'; readonly key: I },
  ) => void
  readonly commit: () => void
  readonly markReady: () => void
}

/** Options for `createCollection` of TanStack DB. */
export interface CollectionOptions<R, I> {
  readonly getKey: (row: R) => I
  readonly sync: { readonly rowUpdateMode: 'full'; readonly sync: (sync: Sync<R, I>) => () => void }
  readonly onInsert: (given: Transaction<R>) => Promise<unknown>
  readonly onUpdate: (given: Transaction<R>) => Promise<unknown>
  readonly onDelete: (given: Transaction<R>) => Promise<unknown>
}

/** The collection shows its own writes. */
const quiet = { optimistic: false } as const

/**
 * Options for a collection of TanStack DB that follows a live query. Its rows have to show their id.
 *
 * @example
 * const todos = createCollection(liveCollection(api.todo, { filter: { done: false } }))
 */
export function liveCollection<R extends { readonly id: unknown }>(
  resource: Followed<R, R['id']>,
  query: object = {},
): CollectionOptions<R, R['id']> {
  type I = R['id']
  const each =
    (write: (mutation: Mutation<R>) => Promise<unknown>) =>
    ({ transaction }: Transaction<R>): Promise<unknown> =>
      Promise.all(transaction.mutations.map(write))
  return {
    getKey: row => row.id,
    sync: {
      rowUpdateMode: 'full',
      sync({ begin, write, commit, markReady }) {
        const live = resource.live(query as never)
        const known = new Map<I, R>()
        const show = ({ rows }: Pick<LiveState<R, I>, 'rows'>): void => {
          begin()
          const gone = new Set(known.keys())
          for (const row of rows) {
            gone.delete(row.id)
            const former = known.get(row.id)
            if (former !== row) write({ type: former ? 'update' : 'insert', value: row })
            known.set(row.id, row)
          }
          for (const id of gone) {
            known.delete(id)
            write({ type: 'delete', key: id })
          }
          commit()
        }
        const stop = live.subscribe(show)
        live.ready
          .then(
            () => show(live),
            () => {},
          )
          .then(markReady, markReady)
        return stop
      },
    },
    // Each is answered when the query has been told what it did, so the collection can drop what it shows of its own.
    onInsert: each(({ modified }) => resource.create(modified as never, quiet)),
    onUpdate: each(({ key, changes }) => resource.patch(key, changes as never, quiet)),
    onDelete: each(({ key }) => resource.delete(key, quiet)),
  }
}
