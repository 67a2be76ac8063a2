import { isDeepStrictEqual } from 'node:util'
import { api, ApiError, type Api } from '../../../src/index.ts'
import type { Commit } from '../../../src/store/store.ts'
import { perform } from './random-commits.ts'
import { built } from './random-model.ts'
import { limits, type Program, type Step, type Subscriber } from './program.ts'
import { isExact } from './exact.ts'
import { callFor } from './random-query.ts'
import { Client } from './client.ts'
import { held, type Held, type Kind } from './stores.ts'

export interface Figures {
  commits: number
  checks: number
  steps: number
  events: number
  resumed: number
  resets: number
}

/** What went wrong, at which step, and for which subscriber. null = for none in particular. */
export interface Difference {
  readonly step: number
  readonly who: number | null
  readonly what: string
  readonly expected?: readonly string[]
  readonly actual?: readonly string[]
}

export const noFigures = (): Figures => ({ commits: 0, checks: 0, steps: 0, events: 0, resumed: 0, resets: 0 })

/** Within how many turns of the event loop everything must have been sent. */
const PATIENCE = 200

/** Runs a program and compares every subscriber with a GET after each step. Null = no difference. */
export async function run(program: Program, kind: Kind, figures: Figures = noFigures()): Promise<Difference | null> {
  try {
    return await new Run(program, kind, figures).toEnd()
  } catch (error) {
    return { step: 0, who: null, what: `threw ${(error as Error).stack}` }
  }
}

class Run {
  readonly #program: Program
  readonly #held: Held
  readonly #app: Api<any>
  readonly #figures: Figures
  readonly #clients: Client[]
  readonly #faults: string[] = []
  /** What a GET showed at each position since a subscriber was last compared, also for those who are away. */
  readonly #expected: Map<number, readonly string[]>[]
  readonly #isEphemeral: boolean
  #difference: Difference | null = null
  #time = 1_700_000_000_000
  #step = 0
  /** Position of the last comparison, and of the last commits that were started at once. */
  #position = 0
  #crowded = 0

  constructor(program: Program, kind: Kind, figures: Figures) {
    this.#program = program
    this.#figures = figures
    this.#held = held(kind)
    this.#app = api(built(program.declaration), {
      store: this.#held.store,
      limits: { ...limits, turn: program.turn },
      cache: 0,
      clock: () => this.#time,
      report: () => {},
      onFault: error => void this.#faults.push(String((error.cause as Error | undefined)?.stack ?? error.stack)),
    }) as Api<any>
    const { resources } = this.#app.model
    this.#clients = program.subscribers.map(asked => new Client(asked, resources.get(asked.resource)!))
    this.#expected = program.subscribers.map(() => new Map())
    this.#isEphemeral = [...resources.values()].some(({ options }) => options.ephemeral !== null)
  }

  async toEnd(): Promise<Difference | null> {
    try {
      await this.#app.ready()
      for (const [i, step] of this.#program.steps.entries()) {
        this.#step = i
        await this.#take(step)
        await this.#look()
        if (this.#difference) break
      }
      if (!this.#difference) await this.#compareWithNew()
    } catch (error) {
      this.#differ(null, `threw ${(error as Error).stack}`)
    } finally {
      for (const client of this.#clients) {
        this.#figures.events += client.events
        this.#figures.steps += client.batches
        this.#figures.resumed += client.resumes
        this.#figures.resets += client.resets
      }
      await this.#app.close()
    }
    return this.#difference
  }

  #differ(who: number | null, what: string, more: Partial<Difference> = {}): void {
    this.#difference ??= { step: this.#step, who, what, ...more }
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'commits':
        this.#held.hold()
        try {
          for (const commit of step.commits) {
            await perform(this.#app, commit)
            await this.#expect()
          }
        } finally {
          this.#held.release()
        }
        return
      case 'stream': {
        const coming: Promise<void>[] = []
        for (const [i, commit] of step.commits.entries()) {
          const who = step.comers[i]
          if (who !== undefined) coming.push(this.#comeOrGo(who))
          await perform(this.#app, commit)
          await this.#expect()
          // Some slices are sent before the next commit, and not always as many.
          for (let turns = i % 3; turns > 0; turns--) await nextTurn()
        }
        await Promise.all(coming)
        return this.#expect()
      }
      case 'crowd':
        await Promise.all(step.commits.map(commit => perform(this.#app, commit)))
        this.#crowded = await this.#now()
        return this.#expect()
      case 'join':
        return this.#join(step.who)
      case 'cut':
        return this.#cut(step.who)
      case 'stall':
        this.#clients[step.who]!.isStalled = this.#clients[step.who]!.subscription !== null
        return
      case 'drain': {
        const client = this.#clients[step.who]!
        if (!client.isStalled) return
        client.isStalled = false
        client.subscription!.drained()
        return
      }
      case 'wait':
        this.#time += 7_200_000
        // Expired rows are removed when somebody asks for them.
        for (const { name, options } of this.#app.model.resources.values())
          if (options.ephemeral) await this.#app.safe.list(name)
        return this.#expect()
    }
  }

  async #join(who: number): Promise<void> {
    const client = this.#clients[who]!
    if (client.subscription) return
    const isThere = await this.#subscribe(client)
    if (!isThere && (await this.#get(client)).length > 0) this.#differ(who, 'refused what GET shows')
    await this.#expect()
  }

  /** False = the row, or its parent, does not exist now. */
  async #subscribe(client: Client): Promise<boolean> {
    const { engine, http } = this.#app
    const since = client.position < 0 ? null : `${engine.epoch}.${client.position}`
    try {
      client.subscription = await http.live!.subscribe(callFor(engine, client.asked), client, {
        since,
        mode: client.asked.mode ?? 'every',
      })
      return true
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'not_found') throw error
      client.leave()
      return false
    }
  }

  #cut(who: number): void {
    const client = this.#clients[who]!
    if (!client.subscription || client.isStalled) return
    this.#app.http.live!.unsubscribe(client.subscription)
    client.subscription = null
  }

  async #comeOrGo(who: number): Promise<void> {
    const client = this.#clients[who]!
    if (client.subscription) return this.#cut(who)
    client.isLate = true
    try {
      await this.#subscribe(client)
    } catch (error) {
      this.#differ(who, `threw ${(error as Error).stack}`)
    }
  }

  /** Notes what a GET by the caller of each subscriber shows now. */
  async #expect(): Promise<void> {
    const lists = new Map<string, readonly string[]>()
    const position = await this.#now()
    for (const [who, client] of this.#clients.entries()) {
      if (client.position < 0 && !client.subscription) continue
      const key = keyOf(client.asked)
      let list = lists.get(key)
      if (!list) lists.set(key, (list = await this.#get(client)))
      this.#expected[who]!.set(position, list)
    }
  }

  async #get({ asked }: Client): Promise<string[]> {
    const outcome = await this.#app.engine.handle(callFor(this.#app.engine, asked))
    switch (outcome.kind) {
      case 'list':
        return (JSON.parse(outcome.body) as unknown[]).map(row => JSON.stringify(row))
      case 'item':
        return [JSON.stringify(JSON.parse(outcome.body))]
      case 'failure':
        if (outcome.error.code === 'not_found') return []
        throw outcome.error
      default:
        throw new Error(`a GET came to ${outcome.kind}`)
    }
  }

  async #now(): Promise<number> {
    return Number((await this.#app.http.live!.now()).split('.')[1])
  }

  /** Waits until everything has been sent, and compares. */
  async #look(): Promise<void> {
    const live = this.#app.http.live!
    const position = await this.#now()
    const commits = (await this.#app.store.commits(this.#position, 1e6)) ?? []
    this.#figures.commits += commits.length
    for (let turn = 0; turn < PATIENCE; turn++) {
      await live.advance()
      if (
        this.#clients.every(
          (client, who) => isAway(client) || isDeepStrictEqual(client.bodies, this.#expected[who]!.get(position)),
        )
      )
        break
      await nextTurn()
    }
    const [first] = this.#faults
    if (first !== undefined) this.#differ(null, `fault: ${first}`)
    for (const [who, client] of this.#clients.entries()) {
      if (isAway(client)) continue
      this.#figures.checks++
      this.#check(who, client, position)
      if (commits.length === 1) this.#checkMoves(who, client, commits[0]!)
      client.looked()
      // The next step begins from here.
      this.#expected[who] = new Map([[position, this.#expected[who]!.get(position)!]])
    }
    this.#position = position
  }

  #check(who: number, client: Client, position: number): void {
    const [fault] = client.faults
    if (fault !== undefined) return this.#differ(who, fault)
    const known = this.#expected[who]!
    const told = this.#isEphemeral ? [] : client.told
    for (const { position: at, bodies } of told) {
      const expected = known.get(at)
      if (expected && !isDeepStrictEqual(bodies, expected))
        return this.#differ(who, `told at ${at}`, { expected, actual: bodies })
    }
    const expected = known.get(position)
    if (!expected) return this.#differ(who, `nothing is known of ${position}`)
    if (!isDeepStrictEqual(client.bodies, expected))
      return this.#differ(who, `at ${position}`, { expected, actual: client.bodies })
    if (
      client.asked.mode === 'every' &&
      !client.wasReset &&
      !this.#isEphemeral &&
      isExact(client.resource, client.asked)
    )
      this.#checkExact(who, client)
  }

  /** Checks that each commit that changed the view was a batch of its own. */
  #checkExact(who: number, { told }: Client): void {
    const known = [...this.#expected[who]!].toSorted(([a], [b]) => a - b)
    // The views between commits that were started at once are not known.
    if (known[0]![0] < this.#crowded) return
    const positions = new Set(told.map(one => one.position))
    for (const [i, [at, expected]] of known.entries())
      if (i > 0 && !positions.has(at) && !isDeepStrictEqual(expected, known[i - 1]![1]))
        this.#differ(who, `nothing was told of ${at}`, { expected, actual: known[i - 1]![1] })
  }

  /** After a single commit, events must say whether a row was created or deleted, or only moved into or out of view. */
  #checkMoves(who: number, client: Client, { changes }: Commit): void {
    if (client.wasReset || client.isLate || this.#isEphemeral) return
    for (const { kind, id, isOwn } of client.moves) {
      const own = changes.filter(change => change.resource === client.resource && change.id === id)
      const images = own.map(change => (kind === 'enter' ? change.before : change.after))
      // A row that is deleted and created again may be called either.
      if (own.length > 1 && images.includes(null)) continue
      const wanted = images.includes(null)
      if (isOwn !== wanted)
        this.#differ(who, `${kind} of ${id} says ${isOwn ? 'that it is' : 'nothing of its being'} its own`)
    }
  }

  /**
   * Checks that a new subscriber gets the same rows in the same versions. Callers with rules are left out: they are not told
   * that a version changed because of something hidden.
   */
  async #compareWithNew(): Promise<void> {
    const { engine, http } = this.#app
    for (const [who, client] of this.#clients.entries()) {
      if (isAway(client) || client.isDeep || client.asked.query.me !== undefined) continue
      const fresh = new Client(client.asked, client.resource)
      // A row that is gone cannot be followed.
      if (client.entries.length === 0) continue
      const subscription = await http.live!.subscribe(callFor(engine, client.asked), fresh)
      http.live!.unsubscribe(subscription)
      const [expected, actual] = [fresh.versions, client.versions]
      if (!isDeepStrictEqual(actual, expected)) this.#differ(who, 'versions', { expected, actual })
    }
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

const isAway = (client: Client): boolean => client.subscription === null || client.isStalled

const keyOf = ({ resource, id, parent, query }: Subscriber): string => JSON.stringify([resource, id, parent, query])
