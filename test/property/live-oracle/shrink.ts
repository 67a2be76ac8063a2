// Makes a failing program as small as possible.
import type { Operation } from './random-commits.ts'
import { smallerModels } from './smaller-model.ts'
import type { Program, Step, Subscriber } from './program.ts'
import { keysOf } from './client.ts'
import { run, type Difference } from './run.ts'
import type { Kind } from './stores.ts'

export interface Shrunk {
  readonly program: Program
  readonly difference: Difference
}

/** Tries smaller programs for at most `budget` milliseconds, and keeps those that fail in the same way. */
export async function shrunk(program: Program, kind: Kind, difference: Difference, budget = 20_000): Promise<Shrunk> {
  const shrinker = new Shrinker({ program, difference }, kind, Date.now() + budget)
  await shrinker.toEnd()
  return shrinker.best
}

class Shrinker {
  best: Shrunk
  readonly #kind: Kind
  readonly #end: number

  constructor(first: Shrunk, kind: Kind, end: number) {
    this.best = first
    this.#kind = kind
    this.#end = end
  }

  async toEnd(): Promise<void> {
    const { program, difference } = this.best
    await this.#isKept({ ...program, steps: program.steps.slice(0, difference.step + 1) })
    if (difference.who !== null) await this.#isKept(alone(this.best.program, difference.who))
    for (let before = ''; before !== JSON.stringify(this.best.program) && !this.#isOver;) {
      before = JSON.stringify(this.best.program)
      await this.#without(({ steps }) => steps.length, withoutSteps)
      await this.#without(({ steps }) => placesIn(steps).length, withoutOperations)
      await this.#isKept(withoutStrangers(this.best.program))
      await this.#each(smallerModels)
      await this.#each(apart)
      await this.#each(smallerQueries)
      await this.#each(smallerBodies)
      await this.#each(withoutComers)
    }
  }

  get #isOver(): boolean {
    return Date.now() > this.#end
  }

  async #isKept(program: Program): Promise<boolean> {
    if (this.#isOver) return false
    const difference = await run(program, this.#kind)
    if (!difference || kindOf(difference) !== kindOf(this.best.difference)) return false
    this.best = { program, difference }
    return true
  }

  /** Tries to leave out halves of a list, then quarters, and so on. */
  async #without(
    lengthOf: (program: Program) => number,
    without: (program: Program, from: number, to: number) => Program,
  ): Promise<void> {
    for (let size = Math.ceil(lengthOf(this.best.program) / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let end = lengthOf(this.best.program); end > 0 && !this.#isOver; end -= size)
        await this.#isKept(without(this.best.program, Math.max(0, end - size), end))
  }

  /** Tries each smaller program in turn, starting again from those that are kept. */
  async #each(smallerThan: (program: Program) => Program[]): Promise<void> {
    for (let i = 0; !this.#isOver;) {
      const smaller = smallerThan(this.best.program)[i]
      if (!smaller) return
      if (!(await this.#isKept(smaller))) i++
    }
  }
}

/** A difference without its ids and positions, so that it stays the same as a program becomes smaller. */
const kindOf = ({ what }: Difference): string => what.replaceAll(/[\w.]*\d+\w*/g, '#').split('\n')[0]!

function alone({ steps, subscribers, ...rest }: Program, who: number): Program {
  const own = steps.filter(step => !('who' in step) || step.who === who)
  return {
    ...rest,
    subscribers: [subscribers[who]!],
    steps: own.map(step => renamed(step, other => (other === who ? 0 : undefined))),
  }
}

/** Removes subscribers that never join. */
function withoutStrangers({ steps, subscribers, ...rest }: Program): Program {
  const come = subscribers.filter((_, who) => steps.some(step => namesIn(step).includes(who)))
  const places = new Map(come.map((subscriber, i) => [subscribers.indexOf(subscriber), i]))
  return {
    ...rest,
    subscribers: come,
    steps: steps.map(step => renamed(step, who => places.get(who))),
  }
}

const namesIn = (step: Step): readonly number[] =>
  'who' in step ? [step.who] : step.kind === 'stream' ? step.comers : []

/** A step whose subscribers have other numbers; undefined = one is not there any more. */
function renamed(step: Step, numberOf: (who: number) => number | undefined): Step {
  if ('who' in step) return { ...step, who: numberOf(step.who)! }
  if (step.kind !== 'stream') return step
  return { ...step, comers: step.comers.map(numberOf).filter(who => who !== undefined) }
}

function withoutSteps(program: Program, from: number, to: number): Program {
  return { ...program, steps: program.steps.toSpliced(from, to - from) }
}

type Place = readonly [step: number, commit: number, operation: number]

function placesIn(steps: readonly Step[]): Place[] {
  return steps.flatMap((step, s) =>
    'commits' in step ? step.commits.flatMap((commit, c) => commit.map((_, o): Place => [s, c, o])) : [],
  )
}

function withoutOperations(program: Program, from: number, to: number): Program {
  const gone = new Set(placesIn(program.steps).slice(from, to).map(String))
  return withOperations(program, (one, place) => (gone.has(String(place)) ? null : one))
}

/** Changes each operation; null removes it. */
function withOperations(program: Program, change: (one: Operation, place: Place) => Operation | null): Program {
  const steps = program.steps.map((step, s): Step => {
    if (!('commits' in step)) return step
    const commits = step.commits.map((commit, c) =>
      commit.map((one, o) => change(one, [s, c, o])).filter(one => one !== null),
    )
    return { ...step, commits: commits.filter(commit => commit.length > 0) }
  })
  return { ...program, steps }
}

/** Splits transactions into single commits. */
function apart(program: Program): Program[] {
  return program.steps.flatMap((step, s) => {
    if (!('commits' in step)) return []
    const split = step.commits.flatMap((commit, c) =>
      commit.length > 1 ? [{ ...step, commits: step.commits.toSpliced(c, 1, ...commit.map(one => [one])) }] : [],
    )
    return split.map(other => ({ ...program, steps: program.steps.with(s, other) }))
  })
}

function withoutComers(program: Program): Program[] {
  return program.steps.flatMap((step, s) => {
    if (step.kind !== 'stream') return []
    const fewer = step.comers.map((_, i) => ({ ...step, comers: step.comers.toSpliced(i, 1) }))
    return fewer.map(other => ({ ...program, steps: program.steps.with(s, other) }))
  })
}

function smallerBodies(program: Program): Program[] {
  return placesIn(program.steps).flatMap(place => {
    const [s, c, o] = place
    const operation = (program.steps[s] as Step & { kind: 'commits' }).commits[c]![o]!
    const { body = {} } = operation
    const bodies = Object.keys(body).map(name => without(body, name))
    return bodies.map(body =>
      withOperations(program, (one, other) => (String(other) === String(place) ? { ...operation, body } : one)),
    )
  })
}

function smallerQueries(program: Program): Program[] {
  return program.subscribers.flatMap((subscriber, who) =>
    simpler(subscriber).map(other => ({ ...program, subscribers: program.subscribers.with(who, other) })),
  )
}

function simpler(subscriber: Subscriber): Subscriber[] {
  const { query } = subscriber
  const filters = query.filter === undefined ? [] : partsOf(query.filter as object)
  const sorts = keysOf(query.sort)
  return [
    ...Object.keys(query).map(name => without(query, name)),
    ...filters.map(filter => ({ ...query, filter })),
    ...(sorts.length > 1 ? sorts.map(sort => ({ ...query, sort })) : []),
  ].map(other => ({ ...subscriber, query: other }))
}

function partsOf(filter: object): object[] {
  return Object.entries(filter).flatMap(([key, value]) =>
    key === '$and' || key === '$or' ? (value as object[]) : key === '$not' ? [value as object] : [],
  )
}

function without(object: object, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([other]) => other !== name))
}
