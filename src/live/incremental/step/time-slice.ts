import type { Snapshot } from '../../../store/store.ts'
import type { Work } from '../../../store/work.ts'

/** What paused work yields. The promise never settles, and nobody waits for it. */
const PAUSE: Promise<never> = new Promise(() => {})

/** Decides when long work has to give way to others. */
export class TimeSlice {
  /** For work that must be done in one turn. */
  static readonly unhurried: TimeSlice = new TimeSlice(Infinity)
  readonly #turn: number
  #began = 0
  #before = 0

  /** `turn` = how many milliseconds of a turn of the event loop the work may take. */
  constructor(turn: number) {
    this.#turn = turn
    this.begin()
  }

  /** Called at the beginning of a turn. */
  begin(): void {
    this.#began = performance.now()
  }

  /** How many milliseconds the work has taken, without its pauses. */
  get spent(): number {
    return this.#before + performance.now() - this.#began
  }

  /** Whether it is time to pause. */
  get isOver(): boolean {
    return performance.now() >= this.#began + this.#turn
  }

  /** Called inside the work: continues in a later turn. */
  *pause(): Work<void> {
    this.#before = this.spent
    yield PAUSE
  }
}

/** Work that may be spread over several turns. */
export class SlicedWork {
  readonly #slice: TimeSlice
  readonly #work: Work<void>
  /** Tells the work that its reads continue in the snapshot of the current turn. */
  readonly #continueIn: (snapshot: Snapshot) => void
  /** Whether its first slice has run. */
  isBegun = false

  constructor(slice: TimeSlice, work: Work<void>, continueIn: (snapshot: Snapshot) => void) {
    this.#slice = slice
    this.#work = work
    this.#continueIn = continueIn
  }

  /** Runs the next slice. True if the work is done. */
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
