import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { playEach } from './each.ts'
import { runFile } from './formats.ts'
import { isObject } from './object.ts'

const read = (name: string): any =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', `${name}.json`), 'utf8'))
const listOf = (file: any): any[] => (Array.isArray(file) ? file : (file.cases ?? file.checks ?? file.vectors))

/** A file with other cases. */
function withCases(file: any, cases: readonly unknown[]): unknown {
  if (Array.isArray(file)) return cases
  return { ...file, [['cases', 'checks', 'vectors'].find(name => name in file)!]: cases }
}

/** A case with another value at a place such as `steps.0.expect`. The value is made of the present one. */
function changed(one: unknown, place: string, change: (there: any) => unknown): unknown {
  const [name, ...rest] = place.split('.').filter(Boolean)
  if (name === undefined) return change(one)
  const inner = (one as any)?.[name]
  if (Array.isArray(one))
    return one.map((item, i) => (i === Number(name) ? changed(item, rest.join('.'), change) : item))
  return { ...(one as object), [name]: changed(inner, rest.join('.'), change) }
}

const invented = (there: unknown): unknown => ({ ...(isObject(there) ? there : {}), frobnicate: 'frobnicate' })
const instead = (): string => 'frobnicate'

/** By format: members that nothing reads, and values that nothing means, in a case of it that has these places. */
const formats: Readonly<Record<string, { example: string; more: readonly string[]; other: readonly string[] }>> = {
  blargh: {
    example: 'docs:quickstart',
    more: ['', 'seed', 'steps.0', 'steps.0.args', 'steps.0.expect'],
    other: ['model', 'steps.0.op'],
  },
  'blargh-http': {
    example: 'cookies-http',
    more: ['', 'seed', 'steps.0', 'steps.0.expect'],
    other: ['model'],
  },
  restaction: {
    example: 'auth basic',
    more: [
      '',
      'app',
      'app.config',
      'app.auth',
      'app.resources.0',
      'app.resources.0.actions.get',
      'app.resources.0.actions.get.handler',
      'steps.0',
      'steps.0.request',
      'steps.0.expect',
    ],
    other: [],
  },
  validr: { example: 'int-001', more: ['', 'expect'], other: [] },
  socketapi: {
    example: 'subscribe-unknown-uri-joins-room-silently',
    more: ['', 'setup', 'setup.handlers.0', 'steps.0', 'steps.1.send'],
    other: ['setup.handlers.0.do', 'setup.handlers.0.kind'],
  },
  channels: {
    example: 'create-missing-required-field-400',
    more: ['', 'setup', 'setup.streams.questions', 'steps.0'],
    other: ['profile', 'setup.streams.questions.model'],
  },
  http: { example: 'crud/list-200', more: ['', 'given', 'request', 'expect'], other: ['needs'] },
  badinput: {
    example: 'title-missing',
    more: ['', 'request', 'request.bodyGen', 'expect'],
    other: ['transport', 'request.as', 'request.rawGen', 'request.headers.x-test-fault'],
  },
}

describe.each(Object.entries(formats))('a case of %s', (format, { example, more, other }) => {
  const file = read(format)
  const one = listOf(file).find(item => (item.name ?? item.id) === example)
  const variants = [
    ...more.map(place => changed(one, place, invented)),
    ...other.map(place => changed(one, place, instead)),
  ]

  test('a case with unknown words is skipped, and the words are named', async () => {
    const results = await runFile(withCases(file, [one, ...variants, one]), { store: 'memory' })
    const told = results!.map(
      ({ outcome, detail }) => `${outcome} ${detail?.includes('frobnicate') ? 'by name' : detail}`,
    )
    expect(told).toEqual(['passed undefined', ...variants.map(() => 'skipped by name'), 'passed undefined'])
  })
})

const wanted = { code: ['ok'] }
const bad = (transport: string, request: object): object => ({
  name: 'one',
  transport,
  category: 'some',
  request,
  expect: wanted,
})

test.each([
  ['ws', { sendGen: 'frobnicate' }],
  ['ws', { behaviour: 'frobnicate' }],
  // oxlint-disable-next-line unicorn/no-thenable -- a word of the format
  ['ws', { as: 'alice', send: [{ id: 1, op: 'subscribe', resource: 'todos' }], then: 'root frobnicates bob' }],
  ['ws', { as: 'alice', send: [{ id: '{{frobnicate}}', op: 'ping' }] }],
  ['socketio', { httpPolling: 'frobnicate' }],
  ['socketio', { rawPacketGen: 'frobnicate' }],
  ['socketio', { connect: { frobnicate: true } }],
  ['http', { path: '/todos', headers: { authorization: 'Bearer {{jwt|sub=1|frobnicate}}' } }],
  ['http', { path: '/todos', headers: { authorization: 'Bearer {{jwt|sub=1|hmac(frobnicate)}}' } }],
])('what bad input on %s does in prose that nobody understands is skipped: %j', async (transport, request) => {
  const [result] = (await runFile({ vectors: [bad(transport, request)] }, { store: 'memory' }))!
  expect(result).toMatchObject({ outcome: 'skipped', detail: expect.stringContaining('frobnicate') })
})

test('a case that does not end is stopped in time, and a case that throws fails without affecting others', async () => {
  const results = await playEach(
    ['ends', 'waits', 'throws', 'ends'],
    (one, i) => `${one} ${i}`,
    { store: 'memory', limitMs: 20 },
    async (one, closing, at) => {
      closing.defer(() => {
        if (one === 'throws') throw new Error('it does not even close')
      })
      at('here')
      if (one === 'waits') await new Promise(() => {})
      if (one === 'throws') throw new TypeError('nonsense')
      return null
    },
  )
  expect(results).toEqual([
    { name: 'ends 0', outcome: 'passed' },
    { name: 'waits 1', outcome: 'failed', detail: 'here: not done after 20 ms' },
    { name: 'throws 2', outcome: 'failed', detail: expect.stringMatching(/^here: TypeError: nonsense/) },
    { name: 'ends 3', outcome: 'passed' },
  ])
})

test('the command prints a line per file, with failures and with the words for which cases were skipped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-conformance-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [one, two] = listOf(read('validr'))
  const write = (name: string, content: unknown): string => {
    const path = join(folder, name)
    writeFileSync(path, JSON.stringify(content))
    return path
  }
  const fine = write('fine.json', [one, { ...two, frobnicate: 1 }])
  const wrong = write('wrong.json', [{ ...one, expect: { ok: 'nonsense' } }])
  const strange = write('strange.json', { frobnicate: [] })
  const run = async (...paths: string[]): Promise<{ code: number; lines: string[] }> => {
    const asked = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), ...paths])
    const { code = 0, stdout } = (await asked.catch((error: { code: number; stdout: string }) => error)) as {
      code?: number
      stdout: string
    }
    return { code, lines: stdout.trim().split('\n') }
  }
  expect(await run(fine)).toEqual({
    code: 0,
    lines: [`${fine}: 1 passed, 0 failed, 1 skipped`, `  skipped ${two.id}: case with frobnicate`],
  })
  const { code, lines } = await run(wrong, strange, fine)
  expect(code).toBe(1)
  expect(lines[0]).toBe(`${wrong}: 0 passed, 1 failed, 0 skipped`)
  expect(lines[1]).toMatch(new RegExp(`^  FAILED ${one.id} `))
  expect(lines[2]).toBe(`${strange}: 0 passed, 0 failed, 0 skipped`)
  expect(lines).toContain(`${fine}: 1 passed, 0 failed, 1 skipped`)
})
