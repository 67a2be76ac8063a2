import { positionOf } from '../../../schema/position.ts'

/** What a check returns in place of a value after it has reported a fault. */
export const FAIL: unique symbol = Symbol('fail')

/** A fault that is on its way to the outside. Every container around it appends its key or index, so the innermost is first. */
interface Pending {
  readonly message: string
  readonly way: (string | number)[]
}

/** Where the checks of one validation report faults. After `limit` faults they stop. */
export interface Report {
  readonly limit: number
  /** The number of faults. Most reports never need a list of them. */
  count: number
  found: Pending[] | null
}

export function openReport(limit: number): Report {
  return { limit, count: 0, found: null }
}

/** Returns the validated value, or reports a fault and returns FAIL. */
export type TextCheck = (value: unknown, report: Report) => unknown

/** A fault, and its place. */
export interface Invalid {
  readonly message: string
  /** Keys joined by dots, indexes in brackets: `user.tags[1]`. Empty = the value itself. */
  readonly position: string
  /** The same place as a JSON pointer (RFC 6901): `/user/tags/1`. */
  readonly pointer: string
  /** `message in position`, as clients of restaction get it. */
  readonly text: string
}

export function noteRefusal(report: Report, message: string): typeof FAIL {
  report.count++
  ;(report.found ??= []).push({ message, way: [] })
  return FAIL
}

/** Moves all faults that were reported since there were `since` of them below a key or index. */
export function placeWithin(report: Report, since: number, segment: string | number): void {
  for (let i = since; i < report.count; i++) report.found![i]!.way.push(segment)
}

export function isFull(report: Report): boolean {
  return report.count >= report.limit
}

/** The faults in the order of the schema, in which they were found. */
export function refusalsOf(report: Report): Invalid[] {
  return (report.found ?? []).map(({ message, way }) => {
    const path = way.toReversed()
    const position = positionOf(path)
    return { message, position, pointer: pointerOf(path), text: messageAt(message, position) }
  })
}

/** Makes `message in position`. An empty part is left out. */
export function messageAt(message: string, position: string): string {
  if (position === '') return message
  return message === '' ? `in ${position}` : `${message} in ${position}`
}

function pointerOf(path: readonly (string | number)[]): string {
  return path.map(segment => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
