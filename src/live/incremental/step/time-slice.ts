import type { Snapshot } from '../../../store/store.ts'
import type { Work } from '../../../store/work.ts'

/** What sliced work yields where the turn has been long enough; nothing ever waits for it. */
const PAUSE: Promise<never> = new Promise(() => {})

/** Decides when work that may take long lets others go first. */
export class TimeSlice {
  /** For work that must be done in one turn. */
  static readonly unhurried: TimeSlice = new TimeSlice(Infinity)
  readonly #turn: number
  #until = 0

  /** `turn` = milliseconds of one turn of the event loop that the work may take. */
  constructor(turn: number) {
    this.#turn = turn
    this.begin()
  }

  /** A new turn has begun. */
  begin(): void {
    this.#until = performance.now() + this.#turn
  }

  /** It is time to pause. */
  get isOver(): boolean {
    return performance.now() >= this.#until
  }

  /** Inside work: goes on in a later turn. */
  *pause(): Work<void> {
    yield PAUSE
  }
}

/** Work that may pause between its slices. */
export class SlicedWork {
  readonly #slice: TimeSlice
  readonly #work: Work<void>
  /** Where it reads goes on in the snapshot of the turn. */
  readonly #continueIn: (snapshot: Snapshot) => void
  /** Its first slice is behind it. */
  isBegun = false

  constructor(slice: TimeSlice, work: Work<void>, continueIn: (snapshot: Snapshot) => void) {
    this.#slice = slice
    this.#work = work
    this.#continueIn = continueIn
  }

  /** The next slice; true = the work is done. */
  *next(snapshot: Snapshot): Work<boolean> {
    this.#slice.begin()
    if (this.isBegun) this.#continueIn(snapshot)
    this.isBegun = true
    let step = this.#work.next()
    for (;;) {
      if (step.done) return true
      if (step.value === PAUSE) return false
      let value: unknown
      try {
        value = yield step.value
      } catch (error) {
        step = this.#work.throw(error)
        continue
      }
      step = this.#work.next(value)
    }
  }
}
