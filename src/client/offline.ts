import type { Answer, Call } from './call.ts'
import { deferred } from './deferred.ts'
import type { Layer, LayerParts } from './offline/layer.ts'
import { database, quietly } from './offline/database.ts'
import { followKept } from './offline/kept-rows.ts'
import type { Conflict, FailedWrite, Kept, KeptWrites } from './offline/refused.ts'
import { local, type Problem } from './problem.ts'
import { subjectOf } from './session.ts'

export type { Conflict, FailedWrite }
type Refused = typeof import('./offline/refused.ts')

export interface OfflineOptions {
  /** The name of the database. Default: `restuary`. */
  readonly name?: string
  /** Names the user, whose writes and rows nobody else gets. Default: the subject of the access token. With cookies, say it. */
  readonly user?: () => string | Promise<string>
  /** What to write after a conflict (`ifMatch`) that shows after a reload. null = it has failed. */
  readonly merge?: (conflict: Conflict) => unknown
}

/** Keeps rows and writes. It is the option `offline` of a client. */
export interface Offline {
  (parts: LayerParts): Layer
  /** The refused writes of the user, oldest first. */
  failed(): Promise<readonly FailedWrite[]>
  /** Sends a refused write once more. */
  retry(key: string): Promise<void>
  /** Forgets a refused write. */
  discard(key: string): Promise<void>
  /** Forgets all rows and writes, of everybody: for a logout on a device that others use. */
  clear(): Promise<void>
}

/** For how many milliseconds servers keep the answer to an idempotency key. */
const KEPT = 86_400_000

/**
 * Keeps the rows of live queries and unanswered writes in IndexedDB. A page then opens without a connection, and writes are
 * sent in their order when there is one, each once.
 *
 * @example
 * import { indexedDb } from 'restuary/client/offline'
 * const api = client<App>('https://todo.example', { offline: indexedDb() })
 */
export function indexedDb(options: OfflineOptions = {}): Offline {
  let parts: LayerParts
  /** Keys of the writes that are on their way. */
  const flying = new Set<string>()
  /** The ids of created rows, by the keys of the writes that create them. */
  const ids = new Map<string, Promise<unknown>>()
  let caller = new AbortController()

  const within = database(options.name ?? 'restuary')
  const user = async (): Promise<string> => options.user?.() ?? String(subjectOf(await parts.session.token()))
  const put = (kept: Kept): Promise<unknown> => within('writes', 'readwrite', store => store.put(kept))
  const all = async (): Promise<Kept[]> => {
    const [who, kept] = await Promise.all([user(), within<Kept[]>('writes', 'readonly', store => store.getAll())])
    return kept.filter(one => one.user === who)
  }
  const find = async (key: string): Promise<Kept | undefined> => (await all()).find(one => one.call.key === key)
  const drop = async (key: string): Promise<void> => {
    const at = (await find(key))?.at
    if (at !== undefined) await within('writes', 'readwrite', store => store.delete(at))
  }

  /** Sends what was kept. Nobody waits for the answers, but whoever looks sees what came of them. */
  async function begin(): Promise<void> {
    for (const kept of await all()) {
      const { call, problem, made } = kept
      if (problem || flying.has(call.key!)) continue
      // The server no longer knows whether it has done it.
      if (Date.now() - made > KEPT) await put({ ...kept, problem: { error: 'outcome_unknown' } })
      else void quietly(parts.repeat(call))
    }
  }
  let begun: Promise<unknown> = Promise.resolve()

  /** The call with the ids of rows that have got one. Rejects if one of those was refused. */
  async function named(call: Call): Promise<Call> {
    let text = JSON.stringify({ ...call, signal: undefined })
    for (const [, key] of text.matchAll(/new(?::|%3A)([\w-]+)/g)) {
      const id = await ids.get(key!)
      if (id !== undefined) text = withId(text, key!, id)
    }
    return { ...(JSON.parse(text) as Call), signal: call.signal }
  }

  /** Puts the id of a created row into the writes that are kept. */
  async function rename(key: string, id: unknown): Promise<void> {
    for (const kept of await all()) {
      const text = JSON.stringify(kept)
      if (kept.call.key !== key && text.includes(key)) await put(JSON.parse(withId(text, key, id)) as Kept)
    }
  }

  async function deliver(call: Call, who: string, base: unknown): Promise<Answer> {
    for (;;) {
      // It waits for the user who made it.
      if ((await user()) !== who) throw local('closed', 'somebody else has logged in')
      const { signal } = caller
      try {
        const ready = await named(call)
        const signals = call.signal ? [signal, call.signal] : [signal]
        return await parts.send({ ...ready, signal: AbortSignal.any(signals) })
      } catch (thrown) {
        const problem = thrown as Problem
        // Somebody has logged in. The same user goes on.
        if (signal.aborted && !call.signal?.aborted) continue
        const { merge } = options
        if (problem.code !== 'precondition_failed' || !merge || call.shown?.isMerged) throw problem
        const refused = await import('./offline/refused.ts')
        call = refused.merged(call, problem, base, merge)
      }
    }
  }

  async function send(call: Call): Promise<Answer> {
    const { key, op, shown } = call
    if (!key || op === 'act') return parts.send(call)
    const isNew = op === 'create' && shown && shown.id === undefined
    const created = deferred<unknown>()
    void quietly(created.promise)
    if (isNew) ids.set(key, created.promise)
    flying.add(key)
    const who = await user()
    const former = (await quietly(find(key))) as Kept | undefined
    const base = former?.base ?? (shown?.id === undefined ? undefined : parts.known(shown.resource, shown.id))
    try {
      if (!former) {
        await begun
        await quietly(put({ user: who, made: Date.now(), call: { ...call, signal: undefined }, base }))
      }
      const answer = await deliver(call, who, base)
      const id = (answer.data as { id?: unknown } | null)?.id
      if (isNew) await quietly(rename(key, id))
      created.resolve(id)
      await quietly(drop(key))
      return answer
    } catch (thrown) {
      const problem = thrown as Problem
      created.reject(problem)
      const kept = (await quietly(find(key))) as Kept | undefined
      // What was not refused is sent later, and what its user may only do after logging in.
      const isWaiting = problem.isPassing || problem.code === 'closed' || problem.status === 401
      if (call.signal?.aborted || shown?.isMerged) await quietly(drop(key))
      else if (kept && !isWaiting && problem.document) await quietly(put({ ...kept, problem: problem.document }))
      throw problem
    } finally {
      flying.delete(key)
    }
  }

  const layer = (given: LayerParts): Layer => {
    parts = given
    begun = quietly(begin())
    return {
      send,
      follow: follower => followKept(follower, { within, user, follow: given.follow, signal: caller.signal }),
      changeCaller() {
        caller.abort()
        caller = new AbortController()
        void quietly(begun.then(begin))
      },
    }
  }
  /** Asks for something that is needed when the server has refused a write. */
  const ask =
    <A extends readonly unknown[], T>(pick: (all: Refused) => (writes: KeptWrites, ...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> =>
      pick(await import('./offline/refused.ts'))({ all, find, drop, repeat: call => parts.repeat(call) }, ...given)
  return Object.assign(layer, {
    failed: ask(refused => refused.failed),
    retry: ask(refused => refused.retry),
    discard: ask(refused => refused.discard),
    async clear() {
      await within('writes', 'readwrite', store => store.clear())
      await within('rows', 'readwrite', store => store.clear())
    },
  })
}

/** A text of JSON with the id of a created row in place of its temporary one. */
const withId = (text: string, key: string, id: unknown): string =>
  text.replaceAll(`"new:${key}"`, JSON.stringify(id)).replaceAll(`new%3A${key}`, encodeURIComponent(id as string))
