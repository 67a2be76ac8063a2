import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Live } from '../../live/live.ts'
import type { Commit } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'

/** How many commits are remembered. */
const RECENT = 50
/** How many changes of a commit are listed. */
const LISTED = 5
/** After how many milliseconds without a reader it stops, so that a studio that nobody looks at costs nothing. */
const IDLE = 15_000

/** A commit as the studio lists it. */
export interface RecentCommit {
  readonly position: string
  readonly at: number
  readonly size: number
  /** The signature of who made it; absent if it has none. */
  readonly by?: string | undefined
  readonly changes: readonly {
    readonly resource: string
    readonly id: string | number
    readonly op: string
    readonly fields: readonly string[]
  }[]
}

/** Counts what is committed, and how long the event loop is held up, while somebody looks. */
export class Activity {
  readonly #live: Live
  readonly #clock: () => number
  #stop: (() => void) | null = null
  #starting: Promise<void> | null = null
  #idle: NodeJS.Timeout | null = null
  #delay: ReturnType<typeof monitorEventLoopDelay> | null = null
  commits = 0
  changes = 0
  /** How many milliseconds after it was made the latest commit since the last look was told. */
  #lag = 0
  recent: RecentCommit[] = []

  constructor(live: Live, clock: () => number) {
    this.#live = live
    this.#clock = clock
    live.closing.addEventListener('abort', () => this.#rest(), { once: true })
  }

  /** Begins to count, or goes on. */
  async look(): Promise<void> {
    if (this.#live.closing.aborted) return
    if (this.#idle) clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#rest(), IDLE).unref()
    await (this.#starting ??= this.#start())
  }

  /** How long the event loop was held up since the last look, in milliseconds: the longest of 99 of 100 turns. */
  takeDelay(): number {
    const delay = this.#delay
    if (!delay) return 0
    const p99 = delay.count === 0 ? 0 : delay.percentile(99) / 1e6
    delay.reset()
    // It is measured by a timer, which is late by its own interval.
    return Math.max(0, p99 - RESOLUTION)
  }

  /** How many milliseconds commits waited until they were told, at most, since the last look. */
  takeLag(): number {
    const lag = this.#lag
    this.#lag = 0
    return lag
  }

  async #start(): Promise<void> {
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION })
    this.#delay.enable()
    const stop = await this.#live.follow(commits => this.#count(commits ?? []), null)
    if (this.#starting) this.#stop = stop
    else stop()
  }

  #rest(): void {
    if (this.#idle) clearTimeout(this.#idle)
    this.#stop?.()
    this.#delay?.disable()
    this.#stop = this.#starting = this.#idle = this.#delay = null
  }

  #count(commits: readonly Commit[]): void {
    this.commits += commits.length
    const now = this.#clock()
    for (const { changes, at } of commits) {
      this.changes += changes.length
      this.#lag = Math.max(this.#lag, now - at)
    }
    const shown = commits.slice(-RECENT).map(commit => listedCommit(commit, this.#live.terms))
    this.recent = [...this.recent, ...shown].slice(-RECENT)
  }
}

/** A commit as the studio lists it: changes of resources that are served. */
export function listedCommit({ position, at, changes }: Commit, terms: Terms): RecentCommit {
  const told = changes.filter(({ resource }) => resource.paths.length > 0)
  return {
    position: terms.position(position),
    at,
    size: told.length,
    by: changes.find(({ by }) => by !== undefined)?.by,
    changes: told.slice(0, LISTED).map(({ resource, id, op, changed, lists }) => ({
      resource: resource.name,
      id,
      op,
      fields: [
        ...resource.columns.filter(({ slot, hidden }) => !hidden && changed.includes(slot)).map(({ name }) => name),
        ...lists.map(({ field }) => field),
      ],
    })),
  }
}

/** Milliseconds. */
const RESOLUTION = 20
