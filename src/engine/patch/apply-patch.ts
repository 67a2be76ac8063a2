import { ApiError, pointer } from '../../protocol/error.ts'
import { isObject } from '../write/read-body.ts'
import { equal } from '../write/unit-of-work.ts'
import type { PatchOperation, PointerSteps } from './json-patch.ts'
import { Measure, type ValueLimits } from './measure.ts'

type Container = unknown[] | Record<string, unknown>

/**
 * Applies a JSON Patch (RFC 6902) to a document in place, and returns the result. Nobody else may hold the document. Only copies can
 * make it grow by more than the patch is long, so all copies together are held to the limits of a body before they are made.
 *
 * Throws ApiError `conflict` if a test fails or a pointer leads to nothing, and what Measure throws.
 */
export function applyPatch(
  document: unknown,
  operations: readonly PatchOperation[],
  limits: ValueLimits | null,
): unknown {
  // So the whole document is a member like any other.
  const root = { document }
  const copies = new Measure(limits)
  for (const operation of operations) apply(root, operation, copies)
  return root.document
}

function apply(root: { document: unknown }, operation: PatchOperation, copies: Measure): void {
  const { path, at } = operation
  const to = pointer(at, 'path')
  switch (operation.op) {
    case 'add':
      return add(root, path, copyOf(operation.value), to)
    case 'remove':
      return void remove(root, path, to)
    case 'replace': {
      const { container, step } = existing(root, path, to)
      return put(container, step, copyOf(operation.value))
    }
    case 'move': {
      const from = pointer(at, 'from')
      // The whole document can only be moved to its own place.
      return operation.from.length === 0 ? undefined : add(root, path, remove(root, operation.from, from), to)
    }
    case 'copy': {
      const { container, step } = existing(root, operation.from, pointer(at, 'from'))
      const value = memberOf(container, step)
      copies.add(value, at)
      return add(root, path, copyOf(value), to)
    }
    case 'test': {
      const { container, step } = existing(root, path, to)
      if (equal(memberOf(container, step), operation.value)) return
      throw conflict('check', at, 'the value is another one')
    }
  }
}

/**
 * Copies a value. A value of the patch may go to several places of the document, and a later operation may change one of them.
 */
function copyOf(value: unknown): unknown {
  return typeof value === 'object' ? structuredClone(value) : value
}

function add(root: Container, path: PointerSteps, value: unknown, at: string): void {
  const { container, step } = placeOf(root, path, at)
  if (!Array.isArray(container)) return put(container, step, value)
  const index = step === '-' ? container.length : indexOf(step)
  if (!(index <= container.length)) throw absent(at)
  container.splice(index, 0, value)
}

function remove(root: Container, path: PointerSteps, at: string): unknown {
  if (path.length === 0) throw conflict('reference', at, 'the whole document cannot be removed')
  const { container, step } = existing(root, path, at)
  const value = memberOf(container, step)
  if (Array.isArray(container)) container.splice(Number(step), 1)
  else delete container[step]
  return value
}

interface Place {
  readonly container: Container
  readonly step: string
}

/** The place that a pointer leads to. There need not be a value yet. */
function placeOf(root: Container, path: PointerSteps, at: string): Place {
  let container: Container = root
  let step = 'document'
  for (const next of path) {
    if (!has(container, step)) throw absent(at)
    const value = memberOf(container, step)
    if (!Array.isArray(value) && !isObject(value)) throw absent(at)
    container = value
    step = next
  }
  return { container, step }
}

/** The place of a value that exists. */
function existing(root: Container, path: PointerSteps, at: string): Place {
  const place = placeOf(root, path, at)
  if (!has(place.container, place.step)) throw absent(at)
  return place
}

function has(container: Container, step: string): boolean {
  return Array.isArray(container) ? indexOf(step) < container.length : Object.hasOwn(container, step)
}

function memberOf(container: Container, step: string): unknown {
  return Array.isArray(container) ? container[Number(step)] : container[step]
}

function put(container: Container, step: string, value: unknown): void {
  if (Array.isArray(container)) container[Number(step)] = value
  else container[step] = value
}

/** The index of an array element (RFC 6901 §4): digits without leading zeros; NaN for anything else. */
function indexOf(step: string): number {
  return /^(?:0|[1-9][0-9]*)$/.test(step) ? Number(step) : NaN
}

function absent(at: string): ApiError {
  return conflict('reference', at, 'there is nothing at this path')
}

function conflict(code: 'reference' | 'check', at: string, detail: string): ApiError {
  return new ApiError('conflict', { detail: `${at}: ${detail}`, issues: [{ code, pointer: at, detail }] })
}
