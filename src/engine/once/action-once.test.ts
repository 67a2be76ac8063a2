import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { action } from '../../model/declare/action.ts'
import { resource } from '../../model/declare/resource.ts'
import { ApiError } from '../../protocol/error.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import type { Store } from '../../store/store.ts'

const clock = { now: 0 }

/** A resource with an action that does what the test says and counts its runs. */
function open(run: (n: number) => unknown, store: Store = memory()) {
  clock.now = Date.UTC(2026, 0, 1)
  let runs = 0
  const mail = resource({ id: t.id() })
    .actions({ send: action({ input: { to: t.text() }, run: () => run(++runs) }) })
    .public()
  const app = api(
    { mail },
    { store, clock: () => clock.now, report: () => {}, onFault: () => {}, http: { log: () => {} } },
  )
  onTestFinished(() => app.close())
  const ask = (to = 'ann', key: string | null = 'k'): Promise<Response> =>
    app.fetch(
      new Request('http://host/mail/send', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key === null ? {} : { 'idempotency-key': key }) },
        body: JSON.stringify({ to }),
      }),
    )
  return { ask, runs: () => runs }
}

const seen = async (answer: Response): Promise<[number, unknown, boolean]> => [
  answer.status,
  await answer.json(),
  answer.headers.get('idempotency-replayed') === 'true',
]

test('an action with a key runs once, and is answered as before', async () => {
  const { ask, runs } = open(n => ({ n }))
  expect(await seen(await ask())).toEqual([200, { n: 1 }, false])
  expect(await seen(await ask())).toEqual([200, { n: 1 }, true])
  expect(await seen(await ask('ann', 'other'))).toEqual([200, { n: 2 }, false])
  expect(await seen(await ask('ann', null))).toEqual([200, { n: 3 }, false])
  expect(runs()).toBe(3)
})

test('its key is for one set of arguments', async () => {
  const { ask, runs } = open(n => n)
  await ask('ann')
  expect(await seen(await ask('bob'))).toMatchObject([422, { error: 'idempotency_mismatch' }, false])
  expect(runs()).toBe(1)
})

test('while an action runs, a request with the same key is told to wait', async () => {
  const gate = Promise.withResolvers<string>()
  const { ask, runs } = open(() => gate.promise)
  const first = ask()
  const meanwhile = await Promise.all([ask(), ask()])
  for (const answer of meanwhile) {
    expect(answer.status).toBe(409)
    expect(answer.headers.get('retry-after')).toBe('1')
  }
  gate.resolve('sent')
  expect(await seen(await first)).toEqual([200, 'sent', false])
  expect(await seen(await ask())).toEqual([200, 'sent', true])
  expect(runs()).toBe(1)
})

test.each<[string, unknown, number, boolean]>([
  ['a refusal for what is stored is kept', new ApiError('conflict'), 409, true],
  ['a fault is not: it may go better next time', new Error('broken'), 500, false],
  ['too much at once is not', new ApiError('rate_limited'), 429, false],
])('%s', async (_, thrown, status, kept) => {
  const { ask, runs } = open(n => {
    if (n === 1) throw thrown
    return n
  })
  expect((await ask()).status).toBe(status)
  const again = await ask()
  expect([again.status, runs()]).toEqual(kept ? [status, 1] : [200, 2])
})

test('an answer of bytes is not kept; that it was done is', async () => {
  const { ask, runs } = open(() => new Response('bytes'))
  expect(await (await ask()).text()).toBe('bytes')
  expect((await ask()).status).toBe(409)
  expect(runs()).toBe(1)
})

test('if the process ends during an action, the outcome is unknown and the action is not run again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'mail.db')
  const gate = Promise.withResolvers<string>()
  const started = Promise.withResolvers<void>()
  const before = open(() => {
    started.resolve()
    return gate.promise
  }, sqlite(file))
  const lost = before.ask()
  await started.promise
  const after = open(n => n, sqlite(file))
  expect((await after.ask()).status).toBe(409)
  clock.now += 60_000
  expect(await seen(await after.ask())).toMatchObject([503, { error: 'outcome_unknown' }, false])
  expect(after.runs()).toBe(0)
  gate.resolve('late')
  await lost
  expect(await seen(await after.ask())).toEqual([200, 'late', true])
})
