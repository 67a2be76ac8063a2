/** How often live queries tell of what others change, in milliseconds: as often as most screens draw. */
const FRAME = 16

/** Something that has told its users what it was, and has changed. */
interface Changing {
  /** Tells its users what it is now. */
  tell(): void
}

/** What is to be told. What happens together is told together. */
export interface Tellings {
  /** Tells of one's own changes, and of all others, before anything that comes later. */
  soon(one?: Changing): void
  /** Tells of changes that somebody else has made. */
  later(one: Changing): void
}

/** `schedule` calls back when changes of others may be told. */
export function tellings(schedule: (work: () => void) => void = eachFrame()): Tellings {
  const changed = new Set<Changing>()
  let isScheduled = false
  const tell = (): void => {
    for (const one of changed) {
      changed.delete(one)
      one.tell()
    }
  }
  return {
    soon(one) {
      if (one) changed.add(one)
      queueMicrotask(tell)
    },
    later(one) {
      changed.add(one)
      if (isScheduled) return
      isScheduled = true
      schedule(() => {
        isScheduled = false
        tell()
      })
    },
  }
}

/** Calls back at the end of the task after a pause, and at most once a frame while much happens. */
function eachFrame(): (work: () => void) => void {
  let free = 0
  return work => {
    const now = performance.now()
    if (free > now) setTimeout(work, free - now)
    else queueMicrotask(work)
    free = Math.max(free, now) + FRAME
  }
}
