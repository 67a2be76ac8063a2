import { hashPasswords } from '../auth/password.ts'
import type { Id, Resource } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'
import { nothing, wait, type Work } from '../store/work.ts'
import type { PendingPassword, Unit } from './unit.ts'

/** Most passwords that a caller may set in one request: each costs a core for a while. */
const MOST = 20

/** A unit could be done, but for passwords that are not hashed yet. What it has written is undone by this. */
export class Unhashed extends Error {
  override readonly name = 'Unhashed'
  readonly passwords: readonly string[]
  /** The rows that it made, in their order. */
  readonly made: readonly [Resource, Id][]

  constructor(unit: Unit, pending: readonly PendingPassword[]) {
    super('passwords are to be hashed')
    this.passwords = distinct(pending)
    this.made = [...unit.touched].filter(one => one.before === null).map(one => [one.resource, one.id])
  }
}

/** The hashes of passwords by what was said. Throws ApiError `too_many_items`, and `unavailable` if too many wait for theirs. */
export async function hashesOf(passwords: readonly string[], isUnbounded: boolean): Promise<Map<string, string>> {
  if (passwords.length > MOST && !isUnbounded)
    throw new ApiError('too_many_items', { detail: `at most ${MOST} passwords in one request` })
  const hashes = await hashPasswords(passwords, isUnbounded)
  return new Map(passwords.map((password, i) => [password, hashes[i]!]))
}

/** Before a unit within a transaction that waits is handed over: its passwords are hashed then and there. */
export function hashInPlace(unit: Unit): Work<void> {
  return unit.waits && unit.unhashed !== null ? inPlace(unit, unit.unhashed) : nothing
}

function* inPlace(unit: Unit, pending: readonly PendingPassword[]): Work<void> {
  const hashes = yield* wait(hashesOf(distinct(pending), unit.isUnbounded))
  for (const { row, slot, password } of pending) row[slot] = hashes.get(password)!
  unit.unhashed = null
}

/** After a unit has passed all its checks: it is undone if there are passwords to be hashed first. */
export function requireHashes(unit: Unit): void {
  if (unit.unhashed !== null) throw new Unhashed(unit, unit.unhashed)
}

function distinct(pending: readonly PendingPassword[]): string[] {
  return [...new Set(pending.map(one => one.password))]
}
