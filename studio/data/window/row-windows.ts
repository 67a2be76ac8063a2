import { signal, type Signal } from '@preact/signals'
import type { Filter, Followed, FollowedState, Id, Problem, Row, Table } from '../../server/client.ts'
import { between, bothOf, placeOf, sortWords, type Place, type TableSort } from './keyset.ts'
import { Places } from './places.ts'

/** How many rows a window has to begin with. */
const WINDOW = 100
/** How many windows are kept. Those that were not looked at for longest go first. */
const KEPT = 8

export interface TableQuery {
  readonly filter: Filter | null
  readonly sort: TableSort
  readonly id: string
  readonly fields?: readonly string[]
  /** The position at which the rows were so; null = now. An earlier state does not change. */
  readonly at: string | null
  /** Finds out who changed rows last. null = this caller may not know. */
  readonly authorsOf: ((ids: readonly Id[]) => Promise<ReadonlyMap<Id, string>>) | null
}

/** What happened to a row while somebody looked at it. */
export interface RowMark {
  readonly kind: 'new' | 'changed'
  readonly fields: ReadonlySet<string>
  readonly at: number
  /** Who did it, as soon as the server has said so; absent = nobody knows. */
  readonly by?: string
}

interface RowWindow {
  /** null = they are on their way. */
  rows: readonly Row[] | null
  status: Followed['status'] | 'past'
  looked: number
  stop: () => void
}

/**
 * The rows of a query as windows of a hundred, of which those that are looked at are live. A window is what lies between two rows,
 * so that it stays what it is when rows before it come and go, and so that the last one costs no more than the first.
 */
export class RowWindows {
  /** All rows of the query; null = not known yet. */
  readonly total: Signal<number | null> = signal(null)
  /** Changes when there is something new to show. */
  readonly version: Signal<number> = signal(0)
  readonly problem: Signal<Problem | null> = signal(null)
  readonly marks: Map<Id, RowMark> = new Map()
  readonly #table: Pick<Table, 'list' | 'live'>
  readonly #query: TableQuery
  readonly #windows = new Map<number, RowWindow>()
  readonly #places: Places
  #looks = 0
  #isClosed = false
  #isDue = false
  readonly #counting: ReturnType<typeof setInterval>
  #isStale = false
  /** Changed rows of which nobody has asked yet who changed them. */
  readonly #unsigned = new Set<Id>()
  #isAsking = false

  constructor(table: Pick<Table, 'list' | 'live'>, query: TableQuery) {
    this.#table = table
    this.#query = query
    this.#places = new Places(
      (bounds, options) => table.list({ ...this.#words(bounds), ...options }),
      query.sort,
      query.id,
    )
    void this.#count()
    this.#counting = setInterval(() => {
      if (this.#isStale && !document.hidden) void this.#count()
    }, 3_000)
  }

  /** How many windows there are. */
  get size(): number {
    return Math.max(1, Math.ceil((this.total.value ?? 0) / WINDOW))
  }

  /** How many rows there are, as far as they are known. */
  get rowCount(): number {
    const last = this.size - 1
    return this.#startOf(last) + this.#length(last)
  }

  /** Whether the rows of a window are here. */
  has(window: number): boolean {
    return this.#windows.get(window)?.rows != null
  }

  /** The row at an index, null if it is not here yet, and its window. */
  rowAt(index: number): { readonly window: number; readonly row: Row | null } {
    let window = Math.min(this.size - 1, Math.floor(index / WINDOW))
    while (window > 0 && this.#startOf(window) > index) window--
    while (window + 1 < this.size && this.#startOf(window + 1) <= index) window++
    return { window, row: this.#windows.get(window)?.rows?.[index - this.#startOf(window)] ?? null }
  }

  /** At which row a window begins. Only those that are here can have another number of rows than they began with. */
  #startOf(window: number): number {
    let start = window * WINDOW
    for (const n of this.#windows.keys()) if (n < window) start += this.#length(n) - WINDOW
    return start
  }

  #length(window: number): number {
    const rows = this.#windows.get(window)?.rows
    return rows ? rows.length : Math.max(0, Math.min(WINDOW, (this.total.value ?? 0) - window * WINDOW))
  }

  /** Whether the rows in view are up to date (`live`), being updated (`stale`), not followed (`still`) or of an earlier state. */
  get status(): 'live' | 'stale' | 'still' | 'past' {
    if (this.#query.at !== null) return 'past'
    const all = [...this.#windows.values()].map(({ status }) => status)
    return all.includes('refused') ? 'still' : all.length > 0 && all.every(one => one === 'live') ? 'live' : 'stale'
  }

  /** Loads these windows, and drops those that have not been in view for longest. */
  look(windows: readonly number[]): void {
    const now = ++this.#looks
    for (const n of windows) {
      const known = this.#windows.get(n)
      if (known) known.looked = now
      else if (n < this.size) void this.#open(n, now)
    }
    const old = [...this.#windows].toSorted(([, a], [, b]) => b.looked - a.looked).slice(KEPT)
    for (const [n, { looked, stop }] of old) {
      if (looked === now) continue
      stop()
      this.#windows.delete(n)
    }
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#counting)
    for (const { stop } of this.#windows.values()) stop()
    this.#windows.clear()
  }

  async #open(n: number, looked: number): Promise<void> {
    const window: RowWindow = { rows: null, status: 'loading', looked, stop: () => {} }
    this.#windows.set(n, window)
    const isGone = (): boolean => this.#isClosed || this.#windows.get(n) !== window
    try {
      const low = await this.#places.find(n * WINDOW, this.total.value ?? 0)
      if (isGone() || low === undefined) return
      const { rows, high } = await this.#read(low)
      if (isGone()) return
      if (high) this.#places.set((n + 1) * WINDOW, high)
      window.rows = rows
      if (this.#query.at === null) this.#follow(n, window, low, high)
    } catch (problem) {
      if (isGone()) return
      this.#windows.delete(n)
      this.problem.value = problem as Problem
    }
    this.#tell()
  }

  /** The rows after a place. `high` is the last of them if there are more. */
  async #read(low: Place | null): Promise<{ rows: readonly Row[]; high: Place | null }> {
    const { sort, id } = this.#query
    let page = await this.#table.list({ ...this.#words(between(sort, id, low, null)), limit: WINDOW })
    const rows = [...page.rows]
    while (rows.length < WINDOW && page.next) {
      page = await page.next()
      rows.push(...page.rows)
    }
    return { rows, high: page.next ? placeOf(rows.at(-1)!, sort, id) : null }
  }

  #follow(n: number, window: RowWindow, low: Place | null, high: Place | null): void {
    const { sort, id } = this.#query
    const live = this.#table.live(this.#words(between(sort, id, low, high)))
    let before = new Map((window.rows ?? []).map(row => [row[id] as Id, row]))
    let hasBegun = false
    const take = ({ rows, changes, status, position }: FollowedState): void => {
      window.status = status
      if (status === 'refused') this.#refuse(live.problem)
      // Until the first rows have come, and if none will, those stay that were read.
      if (position === null) return this.#tell()
      if (hasBegun) {
        for (const { kind, id: changed, row } of changes) {
          const former = before.get(changed)
          if (kind === 'leave' || !former) this.#isStale = true
          if (row !== null) this.#mark(changed, former, row)
        }
      }
      hasBegun ||= status === 'live'
      window.rows = rows
      before = new Map(rows.map(row => [row[id] as Id, row]))
      if (rows.length > 0 && this.total.value === 0) void this.#count()
      this.#tell()
    }
    window.stop = live.subscribe(take)
    // Somebody looked at it a moment ago, and it is still followed.
    take({ rows: live.rows, changes: [], status: live.status, position: live.position })
  }

  /** Rows that cannot be followed are shown as they were read, unless the caller may no longer see them. */
  #refuse(problem: Problem | null): void {
    if (problem?.status === 401 || problem?.status === 403) this.problem.value = problem
  }

  #mark(id: Id, former: Row | undefined, row: Row): void {
    const differs = (name: string): boolean => JSON.stringify(row[name]) !== JSON.stringify(former?.[name])
    const fields = new Set(former ? Object.keys(row).filter(differs) : [])
    this.marks.set(id, { kind: former ? 'changed' : 'new', fields, at: performance.now() })
    if (this.marks.size > 1_000) this.marks.delete(this.marks.keys().next().value!)
    this.#unsigned.add(id)
    if (!this.#isAsking) void this.#askAuthors()
  }

  /** Asks who made the newest changes: of those that came together at once, and of at most a window twice a second. */
  async #askAuthors(): Promise<void> {
    const { authorsOf } = this.#query
    this.#isAsking = true
    for (let pause = 50; this.#unsigned.size > 0 && !this.#isClosed; pause = 500) {
      await new Promise(resolve => setTimeout(resolve, pause))
      const asked = new Map([...this.#unsigned].slice(-WINDOW).map(id => [id, this.marks.get(id)]))
      this.#unsigned.clear()
      const authors = await authorsOf?.([...asked.keys()]).catch(() => null)
      for (const [id, by] of authors ?? []) {
        const mark = this.marks.get(id)
        // If it has changed again meanwhile, the answer may be about either change.
        if (mark && mark === asked.get(id)) this.marks.set(id, { ...mark, by })
      }
      this.#tell()
    }
    this.#isAsking = false
  }

  #words(bounds: Filter | null): Record<string, unknown> {
    const { filter, sort, id, at, fields } = this.#query
    const both = bothOf(filter, bounds)
    return {
      ...(both && { filter: both }),
      sort: sortWords(sort, id),
      ...(at !== null && { at }),
      ...(fields && { fields }),
    }
  }

  async #count(): Promise<void> {
    this.#isStale = false
    const { filter, at } = this.#query
    try {
      const { total } = await this.#table.list({
        ...(filter && { filter }),
        ...(at !== null && { at }),
        limit: 1,
        total: true,
      })
      if (this.#isClosed) return
      this.total.value = total ?? 0
      this.problem.value = null
      // Nobody looks at a row of an empty table. Its first one may come.
      if (this.total.value === 0) this.look([0])
      this.#tell()
    } catch (problem) {
      this.problem.value = problem as Problem
    }
  }

  /** All changes within one frame of the screen are shown together. */
  #tell(): void {
    if (this.#isDue || this.#isClosed) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.version.value++
    })
  }
}
