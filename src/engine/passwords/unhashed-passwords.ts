import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { hashPasswords } from '../../auth/login/password.ts'
import type { Id, Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { noWork, wait, type Work } from '../../store/work.ts'
import type { PendingPassword, UnitOfWork } from '../write/unit-of-work.ts'

/** The most passwords that one request may set. */
const MOST = 20

/** Thrown by a unit that has passed all checks but set passwords that are not hashed yet. Rolls it back. */
export class Unhashed extends Error {
  override readonly name = 'Unhashed'
  readonly passwords: readonly string[]
  /** The rows that it created, in this order. */
  readonly made: readonly [Resource, Id][]

  constructor(unit: UnitOfWork, pending: readonly PendingPassword[]) {
    super('passwords are to be hashed')
    this.passwords = distinct(pending)
    this.made = [...unit.touched].filter(one => one.before === null).map(one => [one.resource, one.id])
  }
}

/** Hashes passwords, keyed by the password. Throws ApiError `too_many_items`, or `unavailable` if too many are waiting. */
export async function hashesOf(passwords: readonly string[], isUnbounded: boolean): Promise<Map<string, string>> {
  if (passwords.length > MOST && !isUnbounded)
    throw new ApiError('too_many_items', { detail: `at most ${MOST} passwords in one request` })
  const hashes = await hashPasswords(passwords, isUnbounded)
  return new Map(passwords.map((password, i) => [password, hashes[i]!]))
}

/** Hashes the passwords of a unit before it is flushed, if it is part of a transaction that can wait. */
export function hashInPlace(unit: UnitOfWork): Work<void> {
  return unit.waits && unit.unhashed !== null ? inPlace(unit, unit.unhashed) : noWork
}

function* inPlace(unit: UnitOfWork, pending: readonly PendingPassword[]): Work<void> {
  const hashes = yield* wait(hashesOf(distinct(pending), unit.isUnbounded))
  for (const { row, slot, password } of pending) row[slot] = getOrThrow(hashes, password)
  unit.unhashed = null
}

/** Ends a unit that has passed all checks with `Unhashed` if its passwords have to be hashed first. */
export function requireHashes(unit: UnitOfWork): void {
  if (unit.unhashed !== null) throw new Unhashed(unit, unit.unhashed)
}

function distinct(pending: readonly PendingPassword[]): string[] {
  return [...new Set(pending.map(one => one.password))]
}
