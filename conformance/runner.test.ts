import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runBlargh } from './blargh/engine.ts'
import { departures, departuresPage } from './departures.ts'
import { runFile } from './formats.ts'
import type { BlarghFile, RequestStep, StepVector } from './blargh/vector.ts'

const path = join(import.meta.dirname, 'vectors/blargh.json')
const whole = JSON.parse(readFileSync(path, 'utf8')) as BlarghFile

type Mutable = { -readonly [K in keyof RequestStep]: RequestStep[K] }

/** One case, one of its steps falsified. */
function falsified(name: string, index: number, change: (step: Mutable) => void): BlarghFile {
  const one = whole.cases.find(c => c.name === name)!
  const steps = structuredClone(one.steps) as StepVector[]
  change(steps[index] as Mutable)
  return { ...whole, cases: [{ ...one, steps }] }
}

const details = (code: string, rest: object): object => ({
  error: { code, details: { object_name: 'cookie', ...rest } },
})

/** The runner must notice every lie. Otherwise passing means nothing. */
const lies: [string, string, number, (step: Mutable) => void][] = [
  ['another status', 'docs:quickstart', 0, s => (s.expect = { ...s.expect, status: 200 })],
  ['another value', 'docs:quickstart', 5, s => (s.expect = { status: 200, body: { id: 1, type: 'muffin', jar: 1 } })],
  [
    'a member more',
    'docs:quickstart',
    5,
    s => (s.expect = { status: 200, body: { ...(s.expect.body as object), x: 1 } }),
  ],
  [
    'members in another order',
    'docs:quickstart',
    5,
    s => (s.expect = { status: 200, body: { jar: 1, id: 1, type: 'shortbread' } }),
  ],
  ['a row less', 'docs:filter', 1, s => (s.expect = { status: 200, body: (s.expect.body as unknown[]).slice(1) })],
  [
    'rows in another order',
    'docs:sort',
    1,
    s => (s.expect = { status: 200, body: (s.expect.body as unknown[]).toReversed() }),
  ],
  ['another state', 'docs:quickstart', 3, s => (s.expect = { ...s.expect, dump: { cookie: [], jar: [] } })],
  ['another hidden value', 'field-flags', 10, s => (s.expect = { ...s.expect, stored: { o: [{ id: 1, h: 6 }] } })],
  [
    'another kind of error',
    'field-flags',
    12,
    s => (s.expect = { ...s.expect, body: details('FIELD_IS_READONLY', { field_name: 'x_int' }) }),
  ],
  [
    'an error of another field',
    'field-flags',
    15,
    s => (s.expect = { ...s.expect, body: details('FIELD_DOES_NOT_EXISTS', { field_name: 'qqq' }) }),
  ],
  [
    'an error that did not happen',
    'docs:quickstart',
    1,
    s => (s.expect = { status: 400, body: details('FIELD_IS_READONLY', { field_name: 'type' }) }),
  ],
  ['a success that did not happen', 'docs:quickstart', 6, s => (s.expect = { status: 200, body: { id: 7 } })],
]

test.each(lies)('the runner notices %s', async (_, name, index, change) => {
  const [result] = await runBlargh(falsified(name, index, change), { store: 'memory' })
  expect(result?.outcome).toBe('failed')
  expect(result?.detail).toContain(`#${index} `)
})

test('a function whose definition the runner cannot read skips the case and is named', async () => {
  const count = { kind: 'getter', def: 'the crumbs below all "cookies"' }
  const file = { ...whole, functions: { ...whole.functions, count_cookies: count } }
  const results = await runBlargh(file, { store: 'memory' })
  const skipped = results.filter(r => r.outcome === 'skipped')
  expect(skipped.length).toBeGreaterThan(0)
  expect(new Set(skipped.map(r => r.detail))).toEqual(new Set([`getter count_cookies: ${count.def}`]))
})

test('every departure speaks of a recorded step', async () => {
  const used = new Set<string>()
  const names = ['blargh', 'blargh-random', 'blargh-crashes', 'blargh-http', '../cases/blargh', '../cases/blargh-http']
  for (const name of names) {
    const file: unknown = JSON.parse(readFileSync(join(path, '..', `${name}.json`), 'utf8'))
    await runFile(file, { store: 'memory', onDeparture: id => used.add(id) })
  }
  expect(
    [...departures['blargh, its engine']!, ...departures['blargh, over HTTP']!]
      .map(d => d.id)
      .filter(id => !used.has(id)),
  ).toEqual([])
})

test('the page of departures is as the table is', () => {
  const page = readFileSync(join(import.meta.dirname, 'DEPARTURES.md'), 'utf8')
  expect(page).toBe(departuresPage())
  for (const all of Object.values(departures)) {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    for (const { why } of all) expect(why).toMatch(/^\S.{15,}/)
  }
})
