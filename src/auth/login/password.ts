import { argon2, argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { HashingQueue, type Purpose } from './hashing-queue.ts'

/** The cost of a hash with argon2id (RFC 9106): memory in KiB, passes, lanes. */
export interface PasswordCost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** 19 MiB, 2 passes, 1 lane. */
const passwordCost: PasswordCost = Object.freeze({ memory: 19_456, passes: 2, parallelism: 1 })

/** Longest password that is hashed, in bytes. Hashing longer ones would let clients cause much work. */
export const longestPassword = 1024

interface Parsed extends PasswordCost {
  readonly salt: Buffer
  readonly hash: Buffer
}

// Cores belong to the machine, so all APIs of a process share the queue.
const queue = new HashingQueue({ atOnce: Math.max(1, Math.floor(availableParallelism() / 2)) })

/**
 * Hashes a password with a random salt. Returns a PHC string.
 *
 * @example
 * await kept.set('ann', await hashPassword('correct horse')) // $argon2id$v=19$m=19456,t=2,p=1$…
 *
 * @throws {ApiError} `unavailable` if too many others are waiting.
 */
export async function hashPassword(password: string, cost: PasswordCost = passwordCost): Promise<string> {
  queue.admit('write', 1)
  return hashInTurn('write', password, cost)
}

/**
 * Hashes the passwords of a write, or throws ApiError `unavailable` if too many are waiting. `patient` is for the application's own
 * writes, which may set any number of passwords: they queue one password at a time, and are never refused.
 */
export async function hashPasswords(passwords: readonly string[], patient: boolean): Promise<string[]> {
  const hash = (password: string): Promise<string> => hashInTurn('write', password, passwordCost)
  if (!patient) {
    queue.admit('write', passwords.length)
    return Promise.all(passwords.map(hash))
  }
  const hashes: string[] = []
  for (const password of passwords) hashes.push(await hash(password))
  return hashes
}

/** Hashes a password again that was just verified, because its stored hash has another cost. */
export async function hashAgain(password: string): Promise<string> {
  return hashInTurn('login', password, passwordCost)
}

async function hashInTurn(purpose: Purpose, password: string, cost: PasswordCost): Promise<string> {
  const salt = randomBytes(16)
  return phc(cost, salt, await queue.run(purpose, () => derive(password, salt, cost, 32)))
}

/** Hashes on this thread, without waiting. For passwords that become known only within a unit of work. */
export function hashPasswordSync(password: string, cost: PasswordCost = passwordCost): string {
  const salt = randomBytes(16)
  return phc(cost, salt, argon2Sync('argon2id', parameters(password, salt, cost, 32)))
}

/**
 * Whether this is the password of a stored hash. It takes equally long if there is no hash, so that nobody learns from the time
 * which users exist.
 *
 * @example
 * const isRight = await verifyPassword(kept.get(name) ?? null, password)
 *
 * @throws {ApiError} `unavailable` if too many logins are waiting.
 */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  queue.admit('login', 1)
  const parsed = stored === null ? null : parse(stored)
  const { salt, hash, ...cost } = parsed ?? nobody
  const derived = await queue.run('login', () => derive(password, salt, cost, hash.length))
  return timingSafeEqual(derived, hash) && parsed !== null
}

/** Whether a hash has another cost, or is none. */
export function isOutdated(stored: string, cost: PasswordCost = passwordCost): boolean {
  const parsed = parse(stored)
  return (
    parsed === null ||
    parsed.memory !== cost.memory ||
    parsed.passes !== cost.passes ||
    parsed.parallelism !== cost.parallelism
  )
}

/** A hash in place of users that do not exist. It costs as much, and no password fits it. */
const nobody: Parsed = Object.freeze({ ...passwordCost, salt: randomBytes(16), hash: randomBytes(32) })

function parameters(
  password: string,
  nonce: Buffer,
  cost: PasswordCost,
  tagLength: number,
): Parameters<typeof argon2Sync>[1] {
  const { memory, passes, parallelism } = cost
  return { message: password, nonce, parallelism, tagLength, memory, passes }
}

function derive(password: string, salt: Buffer, cost: PasswordCost, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters(password, salt, cost, length), (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}

function phc(cost: PasswordCost, salt: Buffer, hash: Buffer): string {
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

const PHC = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

function parse(text: string): Parsed | null {
  const found = PHC.exec(text)
  if (!found) return null
  const [memory, passes, parallelism] = [Number(found[1]), Number(found[2]), Number(found[3])]
  // Such a cost is not ours. It would be a way to keep the machine busy.
  if (memory > 1_048_576 || passes > 16 || parallelism < 1 || passes < 1 || memory < 8 * parallelism) return null
  return {
    memory,
    passes,
    parallelism,
    salt: Buffer.from(found[4]!, 'base64'),
    hash: Buffer.from(found[5]!, 'base64'),
  }
}
