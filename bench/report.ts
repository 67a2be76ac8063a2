import { goalsOf } from './goals.ts'
import type { Measured } from './load.ts'
import type { Op, Options } from './options.ts'

/** One round of one server. */
export interface Round extends Measured {
  /** Microseconds of the server's processor time a request; NaN where it cannot be measured. */
  readonly cpu: number
}

/** Rounds by operation, then by server. */
export type Rounds = ReadonlyMap<Op, ReadonlyMap<string, readonly Round[]>>

/** A server's rounds in one figure each. */
export interface Summary {
  /** Requests a second, median. */
  readonly rate: number
  /** Microseconds a request: the lowest, which a busy neighbour disturbs least. */
  readonly cpu: number
  readonly cpuMedian: number
  readonly p50: number
  /** Median over the rounds, and the best round. */
  readonly p99: number
  readonly p99Best: number
  readonly failed: number
}

export function summarise(rounds: readonly Round[]): Summary {
  return {
    rate: median(rounds.map(round => round.requests / round.seconds)),
    cpu: Math.min(...rounds.map(round => round.cpu)),
    cpuMedian: median(rounds.map(round => round.cpu)),
    p50: median(rounds.map(round => round.p50)),
    p99: median(rounds.map(round => round.p99)),
    p99Best: Math.min(...rounds.map(round => round.p99)),
    failed: rounds.reduce((sum, round) => sum + round.failed, 0),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** How many times the rate of `other`: by processor time where both have it, by requests a second otherwise. */
export function ratio(one: Summary, other: Summary): number {
  const byCpu = other.cpu / one.cpu
  return Number.isFinite(byCpu) ? byCpu : one.rate / other.rate
}

/** Prints the table of one operation, and its goals. */
export function printOp(op: Op, rounds: ReadonlyMap<string, readonly Round[]>, options: Options): void {
  const all = [...rounds].map(([name, list]) => [name, summarise(list)] as const)
  const ours = all.find(([name]) => name === 'restuary')?.[1]
  console.log(`\n${op}, synchronous=${options.sync}, ${options.connections} connections, ${options.rounds} rounds`)
  console.log('             CPU us lowest (median)      requests/s    p50 ms    p99 ms (best)   restuary is')
  for (const [name, one] of all) {
    const times =
      ours === undefined || one === ours
        ? ''
        : `${ratio(ours, one).toFixed(2)} x (wall ${(ours.rate / one.rate).toFixed(2)})`
    console.log(
      `  ${name.padEnd(10)} ${cell(one.cpu, 1, 13)} ${`(${one.cpuMedian.toFixed(1)})`.padEnd(10)} ${cell(one.rate, 0, 13)} ` +
        `${cell(one.p50, 2, 9)} ${cell(one.p99, 1, 9)} (${one.p99Best.toFixed(1)})`.padEnd(20) +
        ` ${times}${one.failed > 0 ? `   ${one.failed} FAILED` : ''}`,
    )
  }
  if (ours === undefined) return
  for (const { against, floor, goal } of goalsOf(op, options.sync, options.connections)) {
    const other = all.find(([name]) => name === against)?.[1]
    if (other === undefined) continue
    const reached = ratio(ours, other)
    const verdict = reached >= goal ? 'goal reached' : reached >= floor ? 'above the floor' : 'BELOW THE FLOOR'
    console.log(`  ${op} / ${against}: ${reached.toFixed(2)}, floor ${floor}, goal ${goal}: ${verdict}`)
  }
}

const cell = (value: number, digits: number, width: number): string => value.toFixed(digits).padStart(width)
