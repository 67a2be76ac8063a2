import type { Live } from '../types/live.ts'

/** What is used of TanStack Query's `QueryClient`. */
interface Cache {
  setQueryData(key: readonly unknown[], data: unknown): unknown
  getQueryCache(): {
    subscribe(
      heard: (event: {
        readonly type: string
        readonly query: { readonly queryHash: string; readonly queryKey: readonly unknown[] }
      }) => void,
    ): () => void
  }
}

/** Options for `useQuery` of TanStack Query. */
export interface LiveQueryOptions<R> {
  readonly queryKey: readonly unknown[]
  readonly staleTime: number
  readonly queryFn: () => Promise<readonly R[]>
}

/**
 * Options for a query of TanStack Query whose rows follow the server for as long as they are in its cache.
 *
 * @example
 * const { data } = useQuery(liveOptions(queryClient, ['todo', 'open'], api.todo.live({ filter: { done: false } })))
 */
export function liveOptions<R, I>(cache: Cache, queryKey: readonly unknown[], live: Live<R, I>): LiveQueryOptions<R> {
  let stop: (() => void) | null = null
  return {
    queryKey,
    // It is never out of date: the server tells of every change.
    staleTime: Infinity,
    async queryFn() {
      stop?.()
      await live.ready
      const key = JSON.stringify(queryKey)
      const end = live.subscribe(({ rows }) => void cache.setQueryData(queryKey, rows))
      const forget = cache.getQueryCache().subscribe(({ type, query }) => {
        if (type === 'removed' && JSON.stringify(query.queryKey) === key) stop?.()
      })
      stop = () => {
        end()
        forget()
        stop = null
      }
      return live.rows
    },
  }
}
