import { use, useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { Problem } from '../problem.ts'
import type { ClientState, Status } from '../status.ts'
import type { Live, LiveState } from '../types/live.ts'

/**
 * The state of a live query; the component is drawn again when it changes. Until the first rows have come, the component is
 * suspended (`<Suspense>`); a refusal is thrown to the next error boundary. To try again, `close()` the query and reset the boundary.
 *
 * @example
 * function Todos() {
 *   const { rows, status } = useLive(api.todo.live({ filter: { done: false }, sort: '-rank' }))
 *   return <ul data-status={status}>{rows.map(todo => <li key={todo.id}>{todo.text}</li>)}</ul>
 * }
 *
 * @throws {Problem} if the server refuses the query.
 */
export function useLive<R, I>(live: Live<R, I>): LiveState<R, I> {
  const state = useSyncExternalStore(
    live.subscribe,
    () => live.state,
    () => live.initial ?? live.state,
  )
  if (live.problem) throw live.problem
  // When the rows have come, it is called once more, because React wants the same calls after a pause.
  if (live.initial === null) use(live.ready)
  return state
}

/** What `useQuery` has read so far. */
export interface QueryResult<T> {
  /** undefined = nothing has been read yet. */
  readonly data: T | undefined
  readonly problem: Problem | null
  readonly isPending: boolean
  /** Reads it once more. */
  readonly refetch: () => void
}

/**
 * Reads once, and again when one of `deps` changes. Use it for what need not be live.
 *
 * @example
 * const { data, isPending } = useQuery(signal => api.todo.get(id, { include: ['list'], signal }), [id])
 */
export function useQuery<T>(read: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): QueryResult<T> {
  const [count, setCount] = useState(0)
  const [result, setResult] = useState<Omit<QueryResult<T>, 'refetch'>>({
    data: undefined,
    problem: null,
    isPending: true,
  })
  useEffect(() => {
    const abort = new AbortController()
    setResult(({ data }) => ({ data, problem: null, isPending: true }))
    read(abort.signal).then(
      data => abort.signal.aborted || setResult({ data, problem: null, isPending: false }),
      problem =>
        abort.signal.aborted || setResult(({ data }) => ({ data, problem: problem as Problem, isPending: false })),
    )
    return () => abort.abort()
  }, [...deps, count])
  return { ...result, refetch: useCallback(() => setCount(before => before + 1), []) }
}

/** A write, and how it is going. */
export interface Mutation<A extends readonly unknown[], T> {
  /** Writes. Resolves to undefined if it was refused: then there is a `problem`. */
  readonly mutate: (...given: A) => Promise<T | undefined>
  readonly isPending: boolean
  /** Why the last one was refused. */
  readonly problem: Problem | null
}

/**
 * A write for a form or a button.
 *
 * @example
 * const { mutate, problem } = useMutation((text: string) => api.todo.create({ text }))
 * const wrong = problem?.fields.text?.[0]?.detail // shown beside the input
 */
export function useMutation<A extends readonly unknown[], T>(write: (...given: A) => Promise<T>): Mutation<A, T> {
  const [count, setCount] = useState(0)
  const [problem, setProblem] = useState<Problem | null>(null)
  const mutate = async (...given: A): Promise<T | undefined> => {
    setCount(before => before + 1)
    try {
      const result = await write(...given)
      setProblem(null)
      return result
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      setProblem(thrown)
      return undefined
    } finally {
      setCount(before => before - 1)
    }
  }
  return { mutate, isPending: count > 0, problem }
}

/**
 * Whether the client is connected, and how many writes are not answered.
 *
 * @example
 * const { connection, pending } = useStatus(api)
 */
export function useStatus({ $status }: { readonly $status: Status }): ClientState {
  return useSyncExternalStore(
    $status.subscribe,
    () => $status.state,
    () => $status.state,
  )
}
