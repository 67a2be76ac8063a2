import { ApiError, pointer } from '../protocol/error.ts'
import { equal } from './unit.ts'
import { isObject } from './prepare.ts'

type Document = Record<string, unknown>
interface Place {
  readonly parent: unknown[] | Document
  readonly key: string
}

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const most = 100

/**
 * Applies a JSON Patch (RFC 6902) to a representation and answers with the members that it changed: a body for a patch.
 * Throws ApiError `validation` for a malformed patch, `conflict` if a test fails or a path is not there.
 */
export function applyJsonPatch(shown: Document, patch: unknown): Document {
  if (!Array.isArray(patch)) throw malformed('#', 'a JSON Patch is an array of operations')
  if (patch.length > most)
    throw new ApiError('too_many_items', { detail: `a JSON Patch has at most ${most} operations` })
  const document = structuredClone(shown)
  patch.forEach((operation: unknown, i) => apply(document, operation, pointer('#', i)))
  const changed: Document = {}
  for (const name of new Set([...Object.keys(shown), ...Object.keys(document)]))
    if (!equal(shown[name], document[name])) changed[name] = Object.hasOwn(document, name) ? document[name] : null
  return changed
}

function apply(document: Document, operation: unknown, at: string): void {
  if (
    !isObject(operation) ||
    typeof operation['op'] !== 'string' ||
    !operations.has(operation['op']) ||
    typeof operation['path'] !== 'string'
  )
    throw malformed(at, 'needs op (add, remove, replace, move, copy or test) and path')
  const { op, path } = operation as { op: string; path: string }
  const place = locate(document, path, pointer(at, 'path'))
  switch (op) {
    case 'remove':
      return void take(place, at)
    case 'test':
      if (!equal(read(place, at), valueOf(operation, at)))
        throw new ApiError('conflict', {
          detail: `the test of ${path} failed`,
          issues: [{ code: 'check', pointer: at, detail: 'the value differs' }],
        })
      return
    case 'replace':
      read(place, at)
      return put(place, valueOf(operation, at), false, at)
    case 'add':
      return put(place, valueOf(operation, at), true, at)
    default: {
      const from = operation['from']
      if (typeof from !== 'string') throw malformed(pointer(at, 'from'), 'is required')
      if (op === 'move' && path.startsWith(`${from}/`))
        throw malformed(pointer(at, 'from'), 'cannot be moved into itself')
      const source = locate(document, from, pointer(at, 'from'))
      const value = op === 'move' ? take(source, at) : structuredClone(read(source, at))
      put(locate(document, path, pointer(at, 'path')), value, true, at)
    }
  }
}

function valueOf(operation: Document, at: string): unknown {
  if (!Object.hasOwn(operation, 'value')) throw malformed(pointer(at, 'value'), 'is required')
  return structuredClone(operation['value'])
}

/** The container and key that a pointer (RFC 6901) leads to. */
function locate(document: Document, path: string, at: string): Place {
  if (!path.startsWith('/') || /~(?![01])/.test(path)) throw malformed(at, 'is not a JSON pointer to a member')
  const keys = path
    .slice(1)
    .split('/')
    .map(k => k.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (keys.some(k => k === '__proto__' || k === 'constructor' || k === 'prototype'))
    throw malformed(at, 'leads nowhere')
  const key = keys.pop()!
  let parent: unknown = document
  for (const k of keys) {
    if (Array.isArray(parent)) parent = parent[indexIn(parent, k, false, at)]
    else if (isObject(parent) && Object.hasOwn(parent, k)) parent = parent[k]
    else throw absent(at)
  }
  if (!Array.isArray(parent) && !isObject(parent)) throw absent(at)
  return { parent, key }
}

function indexIn(list: unknown[], key: string, adding: boolean, at: string): number {
  if (key === '-' && adding) return list.length
  const index = /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : NaN
  if (!(index < list.length || (adding && index === list.length))) throw absent(at)
  return index
}

function read({ parent, key }: Place, at: string): unknown {
  if (Array.isArray(parent)) return parent[indexIn(parent, key, false, at)]
  if (!Object.hasOwn(parent, key)) throw absent(at)
  return parent[key]
}

function take(place: Place, at: string): unknown {
  const value = read(place, at)
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1)
  else delete place.parent[place.key]
  return value
}

function put({ parent, key }: Place, value: unknown, adding: boolean, at: string): void {
  if (!Array.isArray(parent)) parent[key] = value
  else if (adding) parent.splice(indexIn(parent, key, true, at), 0, value)
  else parent[indexIn(parent, key, false, at)] = value
}

function malformed(at: string, detail: string): ApiError {
  return new ApiError('validation', { issues: [{ code: 'format', pointer: at, detail }] })
}

function absent(at: string): ApiError {
  return new ApiError('conflict', {
    detail: `${at}: there is nothing at this path`,
    issues: [{ code: 'reference', pointer: at, detail: 'there is nothing at this path' }],
  })
}
