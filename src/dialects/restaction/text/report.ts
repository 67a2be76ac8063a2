import { positionOf } from '../../../schema/position.ts'

/** What a check answers instead of a value once it has told its report why. */
export const FAIL: unique symbol = Symbol('fail')

/** One refusal while it travels outwards: every container that it leaves appends its key or index, innermost first. */
interface Pending {
  readonly message: string
  readonly way: (string | number)[]
}

/** Where the checks of one validation tell what is wrong; once `limit` refusals are told they stop looking. */
export interface Report {
  readonly limit: number
  /** How many there are; most reports never have a list. */
  count: number
  found: Pending[] | null
}

export function openReport(limit: number): Report {
  return { limit, count: 0, found: null }
}

/** Turns a value into what it stands for, or tells the report and answers FAIL. */
export type TextCheck = (value: unknown, report: Report) => unknown

/** Why a value was refused, and where. */
export interface Invalid {
  readonly message: string
  /** Keys joined by dots, indexes in brackets: `user.tags[1]`; empty for the value itself. */
  readonly position: string
  /** The same place as a JSON pointer (RFC 6901): `/user/tags/1`. */
  readonly pointer: string
  /** `message in position`: what is told to a client of restaction. */
  readonly text: string
}

export function noteRefusal(report: Report, message: string): typeof FAIL {
  report.count++
  ;(report.found ??= []).push({ message, way: [] })
  return FAIL
}

/** Says that the refusals told since there were `since` of them lie within a key or index. */
export function placeWithin(report: Report, since: number, segment: string | number): void {
  for (let i = since; i < report.count; i++) report.found![i]!.way.push(segment)
}

export function isFull(report: Report): boolean {
  return report.count >= report.limit
}

/** The refusals in the order in which they were found: that of the schema. */
export function refusalsOf(report: Report): Invalid[] {
  return (report.found ?? []).map(({ message, way }) => {
    const path = way.toReversed()
    const position = positionOf(path)
    return { message, position, pointer: pointerOf(path), text: messageAt(message, position) }
  })
}

/** `message in position`; what is missing is left out. */
export function messageAt(message: string, position: string): string {
  if (position === '') return message
  return message === '' ? `in ${position}` : `${message} in ${position}`
}

function pointerOf(path: readonly (string | number)[]): string {
  return path.map(segment => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
