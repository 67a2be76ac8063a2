import { api, memory, type Api, type ApiError } from '../../../src/index.ts'
import type { Id, Resource } from '../../../src/model/model.ts'
import { Commits, type Commit } from './random-commits.ts'
import { built, declarationBy, type Declaration } from './random-model.ts'
import { callFor, Queries, type Asked } from './random-query.ts'
import { Random } from './random.ts'
import { withRules } from './random-rules.ts'

/** One step of a program. Subscribers are named by their index. */
export type Step =
  /** Made one after another, but subscribers are told only after the last one. */
  | { readonly kind: 'commits'; readonly commits: readonly Commit[] }
  /**
   * Made one after another while subscribers are told about each, in slices between which the next ones fall. Before each
   * commit one of the comers joins or is cut off, and nobody waits for that.
   */
  | { readonly kind: 'stream'; readonly commits: readonly Commit[]; readonly comers: readonly number[] }
  /** Started all at once. */
  | { readonly kind: 'crowd'; readonly commits: readonly Commit[] }
  /** Subscribes, or resumes from its last position. */
  | { readonly kind: 'join'; readonly who: number }
  /** `cut` ends a subscription, `stall` stops reading, `drain` reads again. */
  | { readonly kind: 'cut' | 'stall' | 'drain'; readonly who: number }
  /** Two hours pass: ephemeral rows expire. */
  | { readonly kind: 'wait' }

export interface Subscriber extends Asked {
  readonly mode: 'every' | 'latest'
}

/** A whole random test as plain data. Any part can be left out; the rest can still be run. */
export interface Program {
  readonly seed: number
  readonly declaration: Declaration
  /** Milliseconds that a slice of telling takes: after 0 it pauses wherever it can. */
  readonly turn: number
  readonly subscribers: readonly Subscriber[]
  readonly steps: readonly Step[]
}

export interface Size {
  readonly commits: number
  readonly subscribers: number
}

/** Few subscribers find faults that many hide: among many there is one at every value that is looked up. */
export function programOf(seed: number): Promise<Program> {
  const subscribers = seed % 10 === 0 ? 40 : seed % 2 === 0 ? 5 : 2
  return programBy(seed, { subscribers, commits: subscribers === 40 ? 30 : 60 })
}

function programBy(seed: number, size: Size): Promise<Program> {
  return new Author(seed, size).write()
}

class Author {
  readonly #seed: number
  readonly #size: Size
  readonly #random: Random
  readonly #subscribers: Subscriber[] = []
  readonly #steps: Step[] = []
  /** Steps to come, and after how many others. */
  #later: { readonly step: Step; readonly in: number }[] = []

  constructor(seed: number, size: Size) {
    this.#seed = seed
    this.#size = size
    this.#random = new Random(seed)
  }

  async write(): Promise<Program> {
    const random = this.#random
    const declaration = withRules(random, declarationBy(random))
    const app = api(built(declaration), { store: memory(), report: () => {}, limits })
    try {
      await app.ready()
      const resources = [...app.model.resources.values()]
      const ids = idsBy(random, resources)
      const queries = new Queries(random, resources, ids)
      const commits = new Commits(random, resources, ids)
      this.#steps.push({ kind: 'commits', commits: [commits.first()] })
      while (this.#subscribers.length < this.#size.subscribers) await this.#join(app, queries)
      for (let made = 0; made < this.#size.commits;) {
        const count = random.chance(0.5) ? 1 : 2 + random.int(4)
        this.#commit(Array.from({ length: count }, () => commits.next()))
        made += count
        if (random.chance(0.08)) await this.#join(app, queries)
        if (random.chance(0.25)) this.#interrupt()
        if (random.chance(0.02)) this.#steps.push({ kind: 'wait' })
        this.#goOn()
      }
      for (const who of this.#subscribers.keys()) this.#steps.push({ kind: 'drain', who }, { kind: 'join', who })
      const turn = random.chance(0.3) ? 0 : 5
      return { seed: this.#seed, declaration, turn, subscribers: this.#subscribers, steps: this.#steps }
    } finally {
      await app.close()
    }
  }

  #commit(commits: readonly Commit[]): void {
    const random = this.#random
    const kind =
      commits.length === 1 ? 'commits' : random.pick(['commits', 'commits', 'crowd', 'stream', 'stream'] as const)
    if (kind !== 'stream') return void this.#steps.push({ kind, commits })
    const comers = random.chance(0.5) ? random.some([...this.#subscribers.keys()], commits.length) : []
    this.#steps.push({ kind, commits, comers })
    for (const who of comers) this.#later.push({ step: { kind: 'join', who }, in: 1 + random.int(4) })
  }

  /** Adds a subscriber. Some have exactly the query of another one. */
  async #join(app: Api<any>, queries: Queries): Promise<void> {
    const random = this.#random
    const twin = this.#subscribers.length > 0 && random.chance(0.15) ? random.pick(this.#subscribers) : null
    const asked = twin ?? (await this.#ask(app, queries))
    this.#subscribers.push({ ...asked, mode: random.chance(0.1) ? 'latest' : 'every' })
    this.#steps.push({ kind: 'join', who: this.#subscribers.length - 1 })
  }

  /** A query that the rules do not refuse altogether. */
  async #ask(app: Api<any>, queries: Queries): Promise<Asked> {
    for (;;) {
      const asked = queries.next()
      // There are no rows yet, so a single row or a parent would not be found. The list shows whether rules refuse it.
      const { resource, parent, query } = asked
      const above = parent && { resource: parent.resource, query: 'me' in query ? { me: query.me! } : {} }
      const refused = (await this.#refusal(app, { resource, query })) ?? (above && (await this.#refusal(app, above)))
      if (!refused) return asked
      if (!refusals.has(refused.code)) throw new Error(JSON.stringify(asked), { cause: refused })
    }
  }

  async #refusal(app: Api<any>, list: Asked): Promise<ApiError | null> {
    const outcome = await app.engine.handle(callFor(app.engine, list))
    return outcome.kind === 'failure' ? outcome.error : null
  }

  /** A subscriber is cut off or stops reading, and comes back some steps later. */
  #interrupt(): void {
    const random = this.#random
    const who = random.int(this.#subscribers.length)
    const isCut = random.chance(0.7)
    this.#steps.push({ kind: isCut ? 'cut' : 'stall', who })
    this.#later.push({ step: { kind: isCut ? 'join' : 'drain', who }, in: 1 + random.int(4) })
  }

  #goOn(): void {
    const later = this.#later
    this.#later = []
    for (const { step, in: left } of later)
      if (left <= 1) this.#steps.push(step)
      else this.#later.push({ step, in: left - 1 })
  }
}

const refusals = new Set(['unauthenticated', 'forbidden', 'forbidden_field'])

/** Random filters are larger than a URL may contain by default. */
export const limits = { filterDepth: 40, filterNodes: 10_000 }

/** Ids for a few rows of each resource, and for many rows of one, so that windows move. */
function idsBy(random: Random, resources: readonly Resource[]): Map<string, readonly Id[]> {
  const lasting = resources.filter(({ name, options }) => name !== 'user' && options.ephemeral === null)
  const largest = random.pick(lasting)
  return new Map(
    resources.map(resource => {
      const count = resource === largest ? 30 + random.int(30) : 4 + random.int(6)
      const isText = resource.idType.key === 'text'
      return [resource.name, Array.from({ length: count }, (_, i) => (isText ? `${'abc'[i % 3]}${i}` : i + 1))]
    }),
  )
}
