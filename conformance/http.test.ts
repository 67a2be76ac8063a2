import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runHttp } from './http/http.ts'
import { mismatches } from './http/match.ts'
import type { CaseResult } from './result.ts'

const read = (name: string, folder = 'vectors'): any =>
  JSON.parse(readFileSync(join(import.meta.dirname, folder, name), 'utf8'))
const failed = (results: readonly CaseResult[]): string[] =>
  results.filter(one => one.outcome === 'failed').map(one => one.name)
const stores = ['memory', 'sqlite'] as const

/** Checks of parts that are not built yet. A check that begins to pass must be removed from this list. */
const awaited: readonly string[] = []

// Much of their time they wait for a server to give up on them.
describe.concurrent.each(stores)('http.json over %s', store => {
  test('every check of the generated requests passes', async () => {
    const results = await runHttp(read('http.json'), { store })
    expect(results.filter(one => one.outcome === 'failed' && !awaited.includes(one.name))).toEqual([])
    expect(failed(results)).toEqual(awaited)
    expect(results.filter(one => one.outcome === 'passed').length).toBeGreaterThan(150)
  })
})

test.concurrent.for([0, 1, 2, 3])('every check of our own, part %i', async (part, { expect }) => {
  const file = read('http.json', 'cases')
  const checks = file.checks.filter((_: unknown, i: number) => i % 4 === part)
  const results = await runHttp({ ...file, checks }, { store: 'sqlite' })
  expect(results.filter(one => one.outcome !== 'passed')).toEqual([])
})

describe('the runners hear a lie', () => {
  test.each([
    ['another status', { status: 201 }],
    ['a field that is not there', { status: 200, headers: { 'X-Nope': '@present' } }],
    ['another value', { status: 200, body: { id: 2 } }],
    ['a member that is there', { status: 200, body: { name: '@absent' } }],
    ['a body', { status: 200, bodyEmpty: true }],
    ['no alternative', { anyOf: [{ status: 201 }, { status: 404 }] }],
  ])('%s', async (_, expected) => {
    const file = read('http.json')
    const check = { name: 'lie', given: {}, request: { method: 'GET', path: '/customers/1' }, expect: expected }
    expect(failed(await runHttp({ ...file, checks: [check] }, { store: 'memory' }))).toEqual(['lie'])
  })

  test('another model is refused before anything runs', async () => {
    const file = read('http.json')
    file.model.customers.name = 'string 1..65, required'
    await expect(runHttp(file, { store: 'memory' })).rejects.toThrow(/model of http.json has changed/)
  })
})

describe('patterns', () => {
  test.each<[unknown, unknown, boolean]>([
    ['@int', 5, true],
    ['@int', 5.5, false],
    ['@absent', undefined, true],
    ['@absent', null, false],
    ['@any', undefined, false],
    ['@datetime', '2026-01-01T00:00:00Z', true],
    ['@datetime', '2026-01-01', false],
    ['re:(?i)^A', 'abc', true],
    ['re:^A', 'abc', false],
    ['not-re:x', undefined, true],
    ['not-re:x', 'axb', false],
    ['not:a', 'b', true],
    ['not:a', 'a', false],
    ['tokens:a,b', 'B, c, A', true],
    ['tokens:a,b', 'a', false],
    [{ a: 1 }, { a: 1, b: 2 }, true],
    [{ constructor: '@any' }, {}, false],
    [[1], [1, 2], false],
    [{ '@length': 2 }, [1, 2], true],
    [{ '@minLength': 3 }, [1, 2], false],
    [{ '@each': '@int' }, [1, 'a'], false],
    [{ '@each': '@int' }, [], true],
    [{ '@first': 1, '@last': 2 }, [1, 5, 2], true],
    [{ '@contains': { a: 1 } }, [{ a: 2 }, { a: 1, b: 1 }], true],
    [{ '@contains': { a: 1 } }, [{ a: 2 }], false],
    [{ '@or': [1, 2] }, 2, true],
    [{ '@or': [1, 2] }, 3, false],
    [{ '@hasKeys': ['a'] }, { a: 1 }, true],
    [{ '@hasKeys': ['toString'] }, {}, false],
    [{ '@hasText': 'bc' }, { a: 'abcd' }, true],
    [null, null, true],
    [null, undefined, false],
  ])('%j on %j', (pattern, value, fits) => expect(mismatches(pattern, value, '').length === 0).toBe(fits))

  test('a number against a parameter of a header field', () => {
    const fields = { ratelimit: '"default";r=3;t=9' }
    expect(mismatches('ge-param:RateLimit:t', '9', '', fields)).toEqual([])
    expect(mismatches('ge-param:RateLimit:t', '8', '', fields)).toHaveLength(1)
  })
})
