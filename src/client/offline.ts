import type { Answer, Call } from './call.ts'
import type { Layer, LayerParts } from './offline/layer.ts'
import { database, quietly } from './offline/database.ts'
import { followKept } from './offline/kept-rows.ts'
import type { Conflict, FailedWrite, Kept, KeptWrites } from './offline/kept-writes.ts'
import { withNewId } from './offline/new-ids.ts'
import { closed, type Problem } from './problem.ts'
import { subjectOf } from './session.ts'
import { loaded } from './transports/later.ts'

export type { Conflict, FailedWrite }

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
  let lastTime = 0

  const within = database(options.name ?? 'restuary')
  const user = async (): Promise<string> => options.user?.() ?? String(subjectOf(await parts.session.token()))
  const writes: KeptWrites = {
    within,
    put: kept => within('writes', store => store.put(kept, kept.call.key)),
    find: key => within('writes', store => store.get(key)),
    drop: key => within('writes', store => store.delete(key)),
    async all() {
      const who = await user()
      const kept: Kept[] = await within('writes', store => store.getAll())
      return kept.filter(one => one.user === who).toSorted((a, b) => a.made - b.made)
    },
    repeat: call => parts.repeat(call),
  }
  /** What is seldom done with them. */
  const seldom = (): Promise<typeof import('./offline/kept-writes.ts')> => loaded(import('./offline/kept-writes.ts'))

  /** Sends what was kept. Nobody waits for the answers, but whoever looks sees what came of them. */
  async function begin(): Promise<void> {
    for (const kept of await writes.all()) {
      const { call, problem, made } = kept
      if (problem || flying.has(call.key!)) continue
      // The server no longer knows whether it has done it.
      if (Date.now() - made > KEPT) await writes.put({ ...kept, problem: { error: 'outcome_unknown' } })
      else void quietly(parts.repeat(call))
    }
  }
  let begun: Promise<unknown> = Promise.resolve()

  /** The call with the ids of rows that have got one. Rejects if one of those was refused. */
  async function named(call: Call): Promise<Call> {
    let text = JSON.stringify({ ...call, signal: undefined, caller: undefined })
    for (const [, key] of text.matchAll(/new(?::|%3A)([\w-]+)/g)) {
      const id = await ids.get(key!)
      if (id !== undefined) text = withNewId(text, key!, id)
    }
    return JSON.parse(text) as Call
  }

  /** Sends a write until it is answered. */
  async function deliver(call: Call, kept: Kept): Promise<Answer> {
    for (;;) {
      const { signal, caller } = call
      try {
        return await parts.send({ ...(await named(call)), signal, caller })
      } catch (thrown) {
        const problem = thrown as Problem
        // What was not refused is sent later, and what its user may only do after logging in.
        const isWaiting = problem.isPassing || problem.code === 'closed' || problem.status === 401
        if (isWaiting || signal?.aborted || call.shown?.isMerged) throw problem
        const { merged } = await seldom()
        call = await merged(writes, call, problem, kept, options.merge)
      }
    }
  }

  /** Sends a write, and keeps it until it is answered or refused. */
  async function sendKept(call: Call, key: string): Promise<Answer> {
    const { op, shown, signal, caller } = call
    const made = (lastTime = Math.max(lastTime + 1, Date.now()))
    flying.add(key)
    try {
      // Whoever logs in meanwhile has not made it.
      const who = await user()
      caller!.throwIfAborted()
      let kept = await quietly(writes.find(key))
      if (kept && kept.user !== who) throw closed()
      if (!kept) {
        const base = shown && parts.known(shown.resource, shown.id!)
        kept = { user: who, made, call: { ...call, signal: undefined, caller: undefined }, base }
        await begun
        await quietly(writes.put(kept))
      }
      const answer = await deliver(call, kept)
      // Others may name the new row by its temporary id. Until they are put right, its own write stays.
      const isReady =
        op === 'create' && flying.size > 1 ? seldom().then(all => all.rename(writes, key, idIn(answer))) : begun
      await quietly(isReady.then(() => writes.drop(kept.call.key!)))
      return answer
    } catch (problem) {
      if (signal?.aborted || shown?.isMerged) await quietly(writes.drop(key))
      throw problem
    } finally {
      flying.delete(key)
    }
  }

  function send(call: Call): Promise<Answer> {
    const { key, op } = call
    if (!key || op === 'act') return parts.send(call)
    const answer = sendKept(call, key)
    if (op === 'create') {
      const id = answer.then(idIn)
      void quietly(id)
      ids.set(key, id)
    }
    return answer
  }

  const layer = (given: LayerParts): Layer => {
    parts = given
    begun = quietly(begin())
    return {
      send,
      follow: follower => followKept(follower, { within, user, follow: given.follow }),
      changeCaller() {
        void quietly(begun.then(begin))
      },
    }
  }
  const ask =
    (name: 'failed' | 'retry' | 'discard' | 'clear') =>
    async (key?: string): Promise<never> =>
      (await (await seldom())[name](writes, key!)) as never
  return Object.assign(layer, {
    failed: ask('failed'),
    retry: ask('retry'),
    discard: ask('discard'),
    clear: ask('clear'),
  })
}

/** The id of a row that was created. */
const idIn = (answer: Answer): unknown => (answer.data as { id?: unknown } | null)?.id
