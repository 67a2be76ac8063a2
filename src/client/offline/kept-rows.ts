import type { Frame } from '../call.ts'
import type { Outline } from '../follower.ts'
import type { KeptFollower, Layer } from './layer.ts'
import { followLater } from '../transports/later.ts'
import { quietly, type Database } from './database.ts'

/** How long the rows of a query may change before they are stored, in milliseconds. */
const PAUSE = 200

/** The rows of a query as they are kept. */
interface KeptRows {
  readonly frame: Frame
  readonly outline?: Outline
}

interface Keeping {
  readonly within: Database
  /** Whose rows they are. */
  readonly user: () => Promise<string>
  readonly follow: Layer['follow']
}

/** Begins a subscription with the rows that were kept, and keeps what it is told. */
export function followKept(follower: KeptFollower, { within, user, follow }: Keeping): () => void {
  let outline: Outline | undefined
  let saving: ReturnType<typeof setTimeout> | undefined
  const place = async (): Promise<string> => `${await user()} ${JSON.stringify(follower.request)}`
  const save = async (): Promise<void> => {
    saving = undefined
    const at = await place()
    // What the former user has seen is not there any more when it is known who the user is.
    const frame = follower.toJSON() as Frame | undefined
    if (frame?.['position']) await within('rows', store => store.put({ frame, outline }, at))
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
  const load = async (): Promise<KeptRows | undefined> => {
    const at = await place()
    return within('rows', store => store.get(at))
  }
  const begun = quietly(load()).then(kept => ({
    follow() {
      if (kept && follower.position === null) {
        if (kept.outline) heard.learn(kept.outline)
        follower.hear(kept.frame)
        follower.stale()
      }
      return follow(heard)
    },
  }))
  return followLater(begun, follower)
}
