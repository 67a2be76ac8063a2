import type { Id, Model, Resource } from '../../model/model.ts'
import { isRead, type Outcome } from '../call/call.ts'
import type { Invocation, NextStep, PipelineStep } from '../call/invocation.ts'
import { hashesOf, Unhashed } from './unhashed-passwords.ts'
import type { UnitOfWork } from '../write/unit-of-work.ts'
import type { NewId } from '../write/unit-of-work.ts'

/**
 * The step `hash`. Hashing is slow, and a unit of work cannot wait, so a write that sets passwords runs twice. The first run
 * shows whether the write is valid and allowed, and is rolled back. Then the passwords are hashed, and the second run is
 * committed. null if no resource has passwords.
 */
export function hashing(model: Model): PipelineStep | null {
  if (![...model.resources.values()].some(one => one.fields.some(field => field.secret))) return null
  return (invocation, next) => {
    const { operation, resource } = invocation.call
    if (isRead(operation) || operation === 'act' || !leadsToPassword(resource)) return next(invocation)
    const done = next(invocation)
    return done instanceof Promise ? done.catch((thrown: unknown) => again(invocation, next, thrown)) : done
  }
}

async function again(invocation: Invocation, next: NextStep, thrown: unknown): Promise<Outcome> {
  if (!(thrown instanceof Unhashed)) throw thrown
  const writing = invocation.writing!
  const hashes = await hashesOf(thrown.passwords, invocation.call.unbounded ?? false)
  invocation.writing = { ...writing, hashes, newId: sameIds(thrown.made, writing.newId) }
  return next(invocation)
}

/**
 * Gives the rows the ids of the first run again, so that no id is skipped, unless somebody else has taken an id in the
 * meantime.
 */
function sameIds(made: Unhashed['made'], newId: NewId): NewId {
  let of: UnitOfWork | null = null
  let left: [Resource, Id][] = []
  return function* (unit, resource) {
    // The store may also run a unit again by itself.
    if (unit !== of) {
      of = unit
      left = [...made]
    }
    for (;;) {
      const at = left.findIndex(([one]) => one === resource)
      if (at < 0) return yield* newId(unit, resource)
      const [[, id]] = left.splice(at, 1) as [[Resource, Id]]
      if (yield* unit.get(resource, id)) continue
      if (typeof id === 'number') unit.tx.reserve(resource, id)
      return id
    }
  }
}

/** Whether a body of a resource may contain a password: computed once per resource. */
const known = new WeakMap<Resource, boolean>()

/** Whether a body of the resource, nested bodies included, may contain a password. */
function leadsToPassword(resource: Resource): boolean {
  let leads = known.get(resource)
  if (leads === undefined) {
    const reached = new Set<Resource>([resource])
    for (const one of reached) for (const { target } of one.fields) if (target) reached.add(target as Resource)
    leads = [...reached].some(one => one.fields.some(field => field.secret))
    known.set(resource, leads)
  }
  return leads
}
