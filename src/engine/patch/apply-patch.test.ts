import * as fc from 'fast-check'
import { applyPatch as oracle, Pointer } from 'rfc6902'
import { describe, expect, test } from 'vitest'
import { patchCases } from '../../../test/json-patch-cases.ts'
import { ApiError } from '../../protocol/error.ts'
import { defaultLimits } from '../../protocol/limits.ts'
import { applyPatch } from './apply-patch.ts'
import { parsePatch } from './json-patch.ts'
import { Measure } from './measure.ts'

const patched = (
  doc: unknown,
  patch: unknown,
  limits: Partial<Record<keyof typeof defaultLimits, number>> = {},
): unknown => applyPatch(structuredClone(doc), parsePatch(patch), { ...defaultLimits, ...limits })

const refusal = (work: () => unknown): ApiError => {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof ApiError) return thrown
    throw thrown
  }
  throw new Error('it was not refused')
}

describe('RFC 6902', () => {
  test.each(patchCases)('$title', ({ doc, patch, becomes, refused }) => {
    if (refused === undefined) expect(patched(doc, patch)).toEqual(becomes)
    else expect(refusal(() => patched(doc, patch)).status).toBe(refused)
  })
})

/** Names that are digits as well, so that they can be taken for indexes. */
const name = fc.constantFrom('a', 'b', '0', '1', '', 'm~n', 'x/y')
const { json } = fc.letrec(tie => ({
  json: fc.oneof(
    { maxDepth: 3, depthSize: 'max' },
    fc.constantFrom(null, true, 0, 1, 'text', ''),
    fc.array(tie('json'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(name, tie('json'), { minKeys: 1, maxKeys: 3 }),
  ),
}))
const escaped = (step: string): string => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`

/** Pointers to all that is in a value. */
function pointersIn(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([step, member]) => pointersIn(member, at + escaped(step)))]
}

/** A pointer to a place in a document, or below one. */
const pointerIn = (doc: unknown): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...pointersIn(doc)), fc.option(fc.oneof(name, fc.constantFrom('-', '2', '01'))))
    .map(([at, below]) => (below === null ? at : at + escaped(below)))

const documentAndPatch = fc.dictionary(name, json, { minKeys: 2 }).chain(doc => {
  const [path, from] = [pointerIn(doc), pointerIn(doc)]
  const operation = fc.oneof(
    fc.record({ op: fc.constantFrom('add', 'replace'), path, value: json }),
    fc.record({ op: fc.constant('remove'), path }),
    fc.record({ op: fc.constantFrom('move', 'copy'), from, path }),
  )
  return fc.tuple(fc.constant(doc), fc.array(operation, { minLength: 1, maxLength: 2 }))
})

/** The library cannot replace a whole document, so that ours is a member of its. It takes more than the RFC allows, never less. */
function patchedByLibrary(doc: unknown, operations: readonly { op: string; path: string; from?: string }[]): unknown {
  const theirs = { doc: structuredClone(doc) }
  const apply = (operation: object): void =>
    expect(oracle(theirs, [structuredClone(operation) as never])).toEqual([null])
  for (const operation of operations) {
    const path = `/doc${operation.path}`
    const from = `/doc${operation.from ?? ''}`
    if (operation.op !== 'move') apply({ ...operation, path, ...(operation.from !== undefined && { from }) })
    else if (from !== path) {
      // Within one list it looks for the place before it removes the value, which moves that place (RFC 6902 §4.4).
      const value: unknown = Pointer.fromJSON(from).get(theirs)
      apply({ op: 'remove', path: from })
      apply({ op: 'add', path, value })
    }
  }
  return theirs.doc
}

test('gives the same results as the library rfc6902', () => {
  let done = 0
  const property = fc.property(documentAndPatch, ([doc, operations]) => {
    let ours: unknown
    try {
      ours = patched(doc, operations)
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ApiError)
      return
    }
    done++
    expect(ours).toEqual(patchedByLibrary(doc, operations))
  })
  fc.assert(property, { numRuns: 3_000 })
  expect(done).toBeGreaterThan(300)
})

describe('bounded work', () => {
  const doubling = (copies: number): unknown[] => [
    { op: 'add', path: '/x', value: { a: 1 } },
    ...Array.from({ length: copies }, (_, i) => ({ op: 'copy', from: '/x', path: `/x/k${i}` })),
  ]

  test('copies of copies are refused at the one that makes it too large, and cost nothing before', () => {
    expect(patched({}, doubling(10))).toHaveProperty('x.k9.k8.k7')
    const refused = refusal(() => patched({}, doubling(99)))
    expect(refused).toMatchObject({ code: 'too_many_keys', status: 400 })
    expect(refused.message).toBe('#/13: would make more than 10000 members in all')
    const huge = { totalKeys: Infinity, jsonDepth: Infinity }
    const larger = refusal(() => patched({}, doubling(99), huge))
    expect(larger).toMatchObject({ code: 'payload_too_large', status: 413 })
    expect(larger.message).toBe('#/17: would make more than 1048576 bytes')
  })

  test('a text that is copied again and again', () => {
    const copies = Array.from({ length: 99 }, () => ({ op: 'copy', from: '/x/0', path: '/x/-' }))
    const refused = refusal(() => patched({ x: ['é'.repeat(100_000)] }, copies))
    expect(refused.message).toBe('#/5: would make more than 1048576 bytes')
  })

  test('a value that is moved deeper and deeper cannot be copied or stored', () => {
    const deeper = Array.from({ length: 33 }, () => [
      { op: 'add', path: '/y', value: {} },
      { op: 'move', from: '/x', path: '/y/x' },
      { op: 'move', from: '/y', path: '/x' },
    ]).flat()
    const refused = refusal(() => patched({ x: 1 }, [...deeper, { op: 'copy', from: '/x', path: '/y' }]))
    expect(refused).toMatchObject({ code: 'depth_exceeded', status: 400 })
    expect(refused.message).toBe('#/99: would make more than 32 levels')
    const made = patched({ x: 1 }, deeper)
    expect(refusal(() => new Measure(defaultLimits).add(made, '#')).message).toBe('#: would make more than 32 levels')
  })

  test.each([
    ['elements of an array', Array.from({ length: 10_001 }, () => 1), 'too_many_items'],
    ['members of an object', Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [i, 1])), 'too_many_keys'],
    ['bytes', ['x'.repeat(600_000), 'x'.repeat(600_000)], 'payload_too_large'],
  ])('%s', (_, value, code) => {
    expect(refusal(() => new Measure(defaultLimits).add(value, '#'))).toMatchObject({ code })
    new Measure(null).add(value, '#')
  })

  test('a pointer of very many steps', () => {
    const refused = refusal(() => patched({}, [{ op: 'remove', path: '/a'.repeat(101) }]))
    expect(refused.issues).toEqual([{ code: 'length', pointer: '#/0/path', detail: 'has more than 100 steps' }])
  })

  test('a test of long lists', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => i)
    const shifted = [...list.slice(1), -1]
    expect(refusal(() => patched({ list }, [{ op: 'test', path: '/list', value: shifted }])).status).toBe(409)
  })
})

test('all faults in the form of a patch are reported at once', () => {
  const patch = [{ op: 'add', path: 'x' }, 5, { op: 'copy', path: '/a~2' }, { op: 'remove', path: '/ok' }]
  expect(refusal(() => patched({}, patch)).issues.map(({ code, pointer }) => `${pointer} ${code}`)).toEqual([
    '#/0/path format',
    '#/0/value required',
    '#/1 type',
    '#/2/path format',
    '#/2/from required',
  ])
})
