// The table of live-scale.ts: one line for each thing that is measured, one column for each number of subscriptions.
import { median } from '../report.ts'

/** The largest allowed value of a figure. Absent = no limit. */
export interface Bounds {
  readonly floor?: number | undefined
  readonly goal?: number | undefined
}

/** Something measured once. */
export interface Figure extends Bounds {
  readonly name: string
  readonly unit: 'us' | 'us each' | 'ms' | 'B'
  /** Subscriptions meanwhile. */
  readonly count: number
  readonly value: number
  /** The same without subscriptions, which is taken off. */
  readonly alone: number
}

export interface Cell {
  readonly lowest: number
  readonly median: number
}

/** The result of several rounds. */
export interface Line extends Bounds {
  readonly name: string
  readonly unit: Figure['unit']
  readonly cells: ReadonlyMap<number, Cell>
}

/** The figures of all rounds, by their names. Lowest value and median are subtracted separately. */
export function linesOf(figures: readonly Figure[]): Line[] {
  return [...Map.groupBy(figures, ({ name, unit }) => `${name} ${unit}`).values()].map(own => {
    const { name, unit, floor, goal } = own[0]!
    const cells = new Map<number, Cell>()
    for (const [count, all] of Map.groupBy(own, figure => figure.count)) {
      const of = (pick: (values: number[]) => number): number =>
        pick(all.map(({ value }) => value)) - pick(all.map(({ alone }) => alone))
      cells.set(count, { lowest: of(values => Math.min(...values)), median: of(median) })
    }
    return { name, unit, cells, floor, goal }
  })
}

/** Bounds are stated for so many subscriptions. */
const STATED = 10_000

export function printLines(lines: readonly Line[], counts: readonly number[]): void {
  const cell = (text: string): string => text.padStart(18)
  console.log(`\n${'lowest (median)'.padEnd(44)}${counts.map(count => cell(String(count))).join('')}`)
  for (const { name, unit, cells, floor, goal } of lines) {
    const shown = counts.map(count => {
      const found = cells.get(count)
      return cell(found ? `${number(found.lowest)} (${number(found.median)})` : '')
    })
    console.log(`${`${name}, ${unit}`.padEnd(44)}${shown.join('')}  ${verdict(cells, floor, goal)}`)
  }
}

/** By the column with the most subscriptions that bounds are stated for. */
function verdict(cells: ReadonlyMap<number, Cell>, floor?: number, goal?: number): string {
  if (floor === undefined || goal === undefined) return ''
  const count = Math.max(...[...cells.keys()].filter(one => one <= STATED))
  const { lowest } = cells.get(count)!
  const reached = lowest <= goal ? 'goal reached' : lowest <= floor ? 'floor reached' : 'ABOVE THE FLOOR'
  return `floor ${floor}, goal ${goal}: ${reached}`
}

/** Prints the contenders of a situation, one per line: microseconds above the write, and how many times ours. */
export function printTimes(lines: readonly Line[], counts: readonly number[]): void {
  const names = lines.map(({ name }) => name.split('\n') as [string, string])
  for (const situation of new Set(names.map(([first]) => first))) {
    console.log(`\n${situation.padEnd(30)}${counts.map(count => String(count).padStart(22)).join('')}`)
    const own = lines.filter((_, i) => names[i]![0] === situation)
    for (const { name, cells } of own) {
      const shown = counts.map(count => {
        const found = cells.get(count)
        if (!found) return 'over a minute'
        const times = found.lowest / Math.max(own[0]!.cells.get(count)!.lowest, NOISE)
        return `${number(found.lowest)} us${name === own[0]!.name ? '' : ` (${number(times)} x)`}`
      })
      console.log(`  ${name.split('\n')[1]!.padEnd(28)}${shown.map(text => text.padStart(22)).join('')}`)
    }
  }
}

/** Microseconds. A smaller difference means nothing. */
const NOISE = 5

const number = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 2 : 0)
