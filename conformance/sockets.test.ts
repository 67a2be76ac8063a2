import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ChannelsCase } from './channels/vector.ts'
import { departures } from './departures.ts'
import { runFile } from './formats.ts'
import type { CaseResult, StoreKind } from './result.ts'
import type { SocketApiCase } from './socketapi/vector.ts'

const read = <T>(path: string): readonly T[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, `${path}.json`), 'utf8')) as readonly T[]
const files = { socketapi: read<SocketApiCase>('vectors/socketapi'), channels: read<ChannelsCase>('vectors/channels') }

const results = async (file: unknown, store: StoreKind, used = new Set<string>()): Promise<CaseResult[]> =>
  (await runFile(file, { store, onDeparture: id => used.add(id) }))!

describe.each(['memory', 'sqlite'] as const)('over %s', store => {
  test.each(['socketapi', 'channels'] as const)('%s: every case is passed, and every departure needed', async name => {
    const used = new Set<string>()
    const all = [
      ...(await results(files[name], store, used)),
      ...(await results(read<unknown>(`cases/${name}`), store, used)),
    ]
    expect(all.filter(one => one.outcome !== 'passed').map(one => `${one.name} ${one.detail}`)).toEqual([])
    expect(all.length).toBeGreaterThan(files[name].length)
    expect(departures[name]!.map(({ id }) => id).filter(id => !used.has(id))).toEqual([])
  })
})

/** A case whose n-th step expects something else. */
function lie<C extends { readonly name: string; readonly steps: readonly object[] }>(
  cases: readonly C[],
  name: string,
  index: number,
  step: object,
): C[] {
  const one = cases.find(c => c.name === name)!
  return [{ ...one, steps: one.steps.map((s, i) => (i === index ? { ...s, ...step } : s)) }]
}

test.each<[string, () => readonly object[]]>([
  ['an event more', () => lie(files.socketapi, 'subscribe-list-sends-state-array', 2, { expect: [] })],
  [
    'an event less',
    () =>
      lie(files.socketapi, 'subscribe-unknown-uri-joins-room-silently', 2, { expect: [{ event: 'state', args: [] }] }),
  ],
  ['other subscriptions', () => lie(files.socketapi, 'unsubscribe-leaves-room', 4, { rooms: ['/oranges/0'] })],
  ['other rows', () => lie(files.socketapi, 'patch-runs-all-patchers', 3, { expectStore: {} })],
  ['another ack', () => lie(files.socketapi, 'acks-are-empty-for-success-and-failure', 1, { ack: [1] })],
  ['another registration', () => lie(files.socketapi, 'registration-rejects-wrong-uri-kind', 0, { registration: [] })],
  ['another answer', () => lie(files.channels, 'retrieve', 2, { expect: [] })],
  ['an answer to silence', () => lie(files.channels, 'action-missing-no-reply', 1, { serverError: undefined })],
  ['another push', () => lie(files.channels, 'subscribe-update-any', 5, { expect: [] })],
  ['other actions', () => lie(files.channels, 'readonly-binding-has-only-retrieve-and-list', 1, { expectActions: [] })],
])('the runner hears %s', async (_, cases) => {
  const [result] = await results(cases(), 'memory')
  expect(result?.outcome).toBe('failed')
})
