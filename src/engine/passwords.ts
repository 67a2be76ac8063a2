import { hashPasswords } from '../auth/password.ts'
import type { Field, Model, Resource } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'
import type { InputMode } from '../schema/input-mode.ts'
import { Refused } from '../schema/refused.ts'
import { isRead, type Call } from './call.ts'
import type { Check } from './invocation.ts'
import { isObject, isPasswordField } from './prepare.ts'

type Hashes = ReadonlyMap<string, string>

/** Most passwords that a caller may set in one request: each costs a core for a while. */
const most = 20

/**
 * hash: hashes the passwords in the body of a write before its unit begins, which cannot wait. Whether they may be set at
 * all, the unit finds out: here only what has the right type and length is hashed. Null where no resource has passwords.
 */
export function hashing(model: Model): Check | null {
  if (![...model.resources.values()].some(one => one.fields.some(isPasswordField))) return null
  return invocation => {
    const { call, writing } = invocation
    if (isRead(call.operation) || call.operation === 'act') return undefined
    return hashesFor(call)?.then(hashes => {
      invocation.writing = { ...writing!, hashes }
    })
  }
}

function hashesFor(call: Call): Promise<Hashes> | null {
  if (!leadsToPassword(call.resource)) return null
  const found = new Set<string>()
  if (call.jsonPatch) collectPatch(call.resource, call.input, call.mode, found)
  else collect(call.resource, call.input, call.mode, found)
  if (found.size === 0) return null
  if (found.size > most && !call.unbounded)
    throw new ApiError('too_many_items', { detail: `at most ${most} passwords in one request` })
  return hashAll([...found], call.unbounded ?? false)
}

async function hashAll(passwords: readonly string[], patient: boolean): Promise<Hashes> {
  const hashes = await hashPasswords(passwords, patient)
  return new Map(passwords.map((password, i) => [password, hashes[i]!]))
}

const known = new WeakMap<Resource, boolean>()

/** A body of the resource, nested bodies included, may bring a password. */
function leadsToPassword(resource: Resource): boolean {
  let leads = known.get(resource)
  if (leads === undefined) {
    const reached = new Set<Resource>([resource])
    for (const one of reached) for (const { target } of one.fields) if (target) reached.add(target as Resource)
    leads = [...reached].some(one => one.fields.some(isPasswordField))
    known.set(resource, leads)
  }
  return leads
}

function collect(resource: Resource, body: unknown, mode: InputMode, into: Set<string>): void {
  if (Array.isArray(body)) {
    for (const one of body) if (isObject(one)) collect(resource, one, mode, into)
    return
  }
  if (!isObject(body)) return
  for (const field of resource.fields)
    if (Object.hasOwn(body, field.name)) collectField(field, body[field.name], mode, into)
}

function collectField(field: Field, value: unknown, mode: InputMode, into: Set<string>): void {
  if (field.target) collect(field.target as Resource, value, mode, into)
  else if (field.is === 'scalar' && field.type.secret && value !== null) {
    const password = mode.read(field.type, value)
    if (!(password instanceof Refused)) into.add(password as string)
  }
}

/** The values of a JSON Patch, by the first step of their path (RFC 6902 §4). */
function collectPatch(resource: Resource, patch: unknown, mode: InputMode, into: Set<string>): void {
  if (!Array.isArray(patch)) return
  for (const step of patch) {
    if (!isObject(step) || typeof step['path'] !== 'string') continue
    const field = resource.field.get(step['path'].split('/')[1] ?? '')
    if (field) collectField(field, step['value'] ?? null, mode, into)
  }
}
