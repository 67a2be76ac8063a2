import type { Frame } from '../call.ts'
import type { Outline } from '../follower.ts'
import type { KeptFollower, Layer } from './layer.ts'
import { quietly, type Database } from './database.ts'

/** How long the rows of a query may change before they are stored, in milliseconds. */
const PAUSE = 200

interface Keeping {
  readonly within: Database
  /** Whose rows they are. */
  readonly user: () => Promise<string>
  readonly follow: Layer['follow']
  /** Aborted when somebody logs in or out. */
  readonly signal: AbortSignal
}

/** Begins a subscription with the rows that were kept, and keeps what it is told. */
export function followKept(follower: KeptFollower, { within, user, follow, signal }: Keeping): () => void {
  let stop: (() => void) | null = null
  let isOver = false
  let outline: Outline | undefined
  let saving: ReturnType<typeof setTimeout> | undefined
  const key = JSON.stringify(follower.request)
  const save = async (): Promise<void> => {
    saving = undefined
    const frame = follower.toJSON() as Frame | undefined
    // What somebody else has seen is not kept for the next user.
    if (!frame?.['position'] || signal.aborted) return
    const at = `${await user()} ${key}`
    if (!signal.aborted) await within('rows', 'readwrite', store => store.put({ frame, outline }, at))
  }
  // All else is that of the follower itself.
  const heard = Object.assign(Object.create(follower) as KeptFollower, {
    learn(told: Outline) {
      outline = told
      follower.learn(told)
    },
    hear(frame: Frame) {
      follower.hear(frame)
      saving ??= setTimeout(() => void quietly(save()), PAUSE)
    },
  })
  const load = async (): Promise<void> => {
    const at = `${await user()} ${key}`
    const kept = await within<{ frame: Frame; outline?: Outline } | undefined>('rows', 'readonly', store =>
      store.get(at),
    )
    if (!kept || isOver || follower.position !== null) return
    if (kept.outline) heard.learn(kept.outline)
    follower.hear(kept.frame)
    follower.stale()
  }
  void quietly(load()).then(() => isOver || (stop = follow(heard)))
  return () => {
    isOver = true
    stop?.()
  }
}
