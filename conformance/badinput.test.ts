import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runBadInput } from './badinput/badinput.ts'
import { departures } from './badinput/departures.ts'
import type { BadRequest, Expected, Vector } from './badinput/vector.ts'

function read(name: string): readonly Vector[] {
  const path = join(import.meta.dirname, name, 'badinput.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { vectors: readonly Vector[] }).vectors
}

const vectors = [...read('vectors'), ...read('cases')]

describe.each(['memory', 'sqlite'] as const)('bad input over %s', store => {
  test.each(['http', 'ws', 'socketio'])('every vector on %s', async transport => {
    const mine = vectors.filter(one => one.transport === transport)
    const results = await runBadInput({ vectors: mine }, { store })
    expect(results.filter(one => one.outcome !== 'passed')).toEqual([])
    expect(results).toHaveLength(mine.length)
  })
})

test('every departure is needed by a vector', async () => {
  const used = new Set<string>()
  for (const vector of vectors)
    for (const one of departures) {
      const other = one.rewrite(vector, vector.expect)
      if (other !== null && JSON.stringify(other) !== JSON.stringify(vector.expect)) used.add(one.id)
    }
  expect(departures.map(({ id }) => id).filter(id => !used.has(id))).toEqual([])
})

async function outcomeOf(transport: string, request: BadRequest, expected: Expected): Promise<string> {
  const vector: Vector = { name: 'one', transport, category: 'some', request, expect: expected }
  const [result] = await runBadInput({ vectors: [vector] }, { store: 'memory' })
  return `${result!.outcome} ${result!.detail ?? ''}`.trim()
}

const json = { 'content-type': 'application/json' }
const own = { method: 'GET', path: '/todos', as: 'alice' }
const ok = { status: [200, 201], code: ['ok'] }

test('a crafted token that errs in nothing lets its bearer in, so that the others are refused for their fault', async () => {
  const headers = { authorization: 'Bearer {{jwt|sub=1}}' }
  expect(await outcomeOf('http', { method: 'GET', path: '/todos', headers }, ok)).toBe('passed')
})

describe('the runner notices', () => {
  const post = { method: 'POST', path: '/todos', as: 'alice', headers: json, body: { title: 'a' } }
  const send = [{ id: 1, op: 'create', resource: 'todos', data: { title: 'a' } }]
  test.each<[string, string, BadRequest, Expected, string]>([
    ['another status', 'http', { ...post, body: {} }, { status: [404], code: ['validation'] }, 'status 400, not 404'],
    [
      'another code',
      'http',
      { ...post, body: {} },
      { status: [400], code: ['conflict'] },
      'validation, required, not conflict',
    ],
    ['a change', 'http', post, { ...ok, invariant: 'no-change' }, 'what was refused changed something'],
    [
      'a change on WebSockets',
      'ws',
      { as: 'alice', send },
      { code: ['ok'], invariant: 'no-change' },
      'changed something',
    ],
    ['rows', 'http', own, { ...ok, invariant: 'empty list; total 0' }, 'there are rows'],
    ['rows of others', 'http', { ...own, as: 'root' }, { ...ok, invariant: 'contains only owner=1' }, 'rows of others'],
    [
      'what tells a row that may be seen',
      'http',
      { ...own, path: '/todos/2', as: 'bob' },
      { ...ok, invariant: 'same as missing id' },
      'told apart',
    ],
    [
      'two rows',
      'http',
      { ...post, body: [{ title: 'a' }, { title: 'a' }] },
      { ...ok, invariant: 'one row only' },
      '2 rows of one creation',
    ],
    ['a header that is not there', 'http', own, { ...ok, invariant: 'Retry-After present' }, 'no retry-after'],
    ['a slow answer', 'http', own, { ...ok, invariant: 'answer < 0 ms' }, 'it took'],
    [
      'a leave that did not happen',
      'ws',
      // oxlint-disable-next-line unicorn/no-thenable -- a word of the format
      { as: 'alice', send: [{ id: 1, op: 'subscribe', resource: 'todos' }], then: 'root sets todo.title x' },
      { code: ['leave'], invariant: 'exactly one leave' },
      'not leave; not one leave',
    ],
  ])('%s', async (_, transport, request, expected, fault) => {
    const outcome = await outcomeOf(transport, request, expected)
    expect(outcome).toMatch(/^failed /)
    expect(outcome).toContain(fault)
  })
})
