import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import { pollutingNames } from '../../protocol/json.ts'
import { isObject } from '../write/read-body.ts'

/** The steps of a JSON pointer (RFC 6901 §4); empty for the whole document. */
export type PointerSteps = readonly string[]

/** An operation of a JSON Patch (RFC 6902 §4). `at` is its place in the request: `#/3`. */
export type PatchOperation =
  | {
      readonly op: 'add' | 'replace' | 'test'
      readonly path: PointerSteps
      readonly value: unknown
      readonly at: string
    }
  | { readonly op: 'remove'; readonly path: PointerSteps; readonly at: string }
  | { readonly op: 'move' | 'copy'; readonly from: PointerSteps; readonly path: PointerSteps; readonly at: string }

const MOST_OPERATIONS = 100
/** Steps of one pointer. Values are nested far less deeply. */
const MOST_STEPS = 100

/** Parses a JSON Patch. Throws ApiError `too_many_items`, or `validation` with every fault of its form. */
export function parsePatch(patch: unknown): readonly PatchOperation[] {
  if (!Array.isArray(patch))
    throw new ApiError('validation', {
      issues: [{ code: 'type', pointer: '#', detail: 'a JSON Patch is an array of operations' }],
    })
  if (patch.length > MOST_OPERATIONS)
    throw new ApiError('too_many_items', { detail: `a JSON Patch has at most ${MOST_OPERATIONS} operations` })
  const issues: Issue[] = []
  const operations = patch.map((raw: unknown, i) => parseOperation(raw, pointer('#', i), issues))
  if (issues.length > 0) throw new ApiError('validation', { issues })
  return operations as PatchOperation[]
}

/** Null if the operation is malformed; the faults are added to `issues`. Unknown members are ignored (RFC 6902 §4). */
function parseOperation(raw: unknown, at: string, issues: Issue[]): PatchOperation | null {
  const before = issues.length
  const refuse = (code: Issue['code'], place: string, detail: string): void => {
    issues.push({ code, pointer: place, detail })
  }
  if (!isObject(raw)) {
    refuse('type', at, 'an operation is an object')
    return null
  }
  const { op } = raw
  const path = parsePath(raw, 'path', at, refuse)
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      if (!Object.hasOwn(raw, 'value')) refuse('required', pointer(at, 'value'), `is required to ${op}`)
      return issues.length > before ? null : { op, path, value: raw['value'], at }
    case 'remove':
      return issues.length > before ? null : { op, path, at }
    case 'move':
    case 'copy': {
      const from = parsePath(raw, 'from', at, refuse)
      if (op === 'move' && from.length < path.length && from.every((step, i) => step === path[i]))
        refuse('format', pointer(at, 'path'), 'a value cannot be moved into itself')
      return issues.length > before ? null : { op, from, path, at }
    }
    default:
      refuse('enum', pointer(at, 'op'), 'must be add, remove, replace, move, copy or test')
      return null
  }
}

function parsePath(
  raw: Readonly<Record<string, unknown>>,
  member: 'path' | 'from',
  at: string,
  refuse: (code: Issue['code'], place: string, detail: string) => void,
): PointerSteps {
  const text = raw[member]
  const place = pointer(at, member)
  if (text === undefined) refuse('required', place, 'is required')
  else if (typeof text !== 'string' || (text !== '' && !text.startsWith('/')) || /~(?![01])/.test(text))
    refuse('format', place, 'must be a JSON pointer: "/" before each step, "~0" for "~" and "~1" for "/" in it')
  else {
    const path = text
      .split('/')
      .slice(1)
      .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (path.length > MOST_STEPS) refuse('length', place, `has more than ${MOST_STEPS} steps`)
    else if (path.some(name => pollutingNames.has(name))) refuse('unknown_field', place, 'no member may have this name')
    else return path
  }
  return []
}
