import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import { tracedCalls, type TracedCall } from './trace.ts'

function open() {
  const app = api(
    { note: resource({ id: t.id(), text: t.text() }).public() },
    // Of a store that answers at once: reads do not wait.
    { store: sqlite(':memory:'), report: () => {}, http: { log: () => {} } },
  )
  onTestFinished(() => app.close())
  return app
}

function listen(): string[] {
  const seen: string[] = []
  const note = (event: string) => (context: unknown) => {
    const { face, operation, resource: name, id, outcome, error, header } = context as TracedCall
    const code = error === undefined ? '' : ` ${(error as { code: string }).code}`
    seen.push(
      `${event} ${face} ${operation} ${name} ${id} ${outcome ?? '-'}${code} ${header('traceparent') ?? ''}`.trim(),
    )
  }
  const handlers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  tracedCalls.subscribe(handlers)
  onTestFinished(() => {
    tracedCalls.unsubscribe(handlers)
  })
  return seen
}

test('a tracer sees calls from their start to their end', async () => {
  const app = open()
  const seen = listen()
  await app.fetch(
    new Request('http://host/note', {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: '00-a-b-01' },
      body: '{"text":"a"}',
    }),
  )
  await app.fetch(new Request('http://host/note/1'))
  await app.fetch(new Request('http://host/note/9'))
  expect(seen).toEqual([
    'start http create note null - 00-a-b-01',
    'end http create note null - 00-a-b-01',
    'asyncStart http create note null item 00-a-b-01',
    'asyncEnd http create note null item 00-a-b-01',
    'start http get note 1 -',
    'end http get note 1 item',
    'start http get note 9 -',
    'error http get note 9 failure not_found',
    'end http get note 9 failure not_found',
  ])
})

test('values that a tracer binds at the start are visible during the call', async () => {
  const app = open()
  const storage = new AsyncLocalStorage<TracedCall>()
  tracedCalls.start.bindStore(storage)
  onTestFinished(() => {
    tracedCalls.start.unbindStore(storage)
  })
  const within: (string | undefined)[] = []
  const handlers = {
    start: () => {},
    end: () => within.push(storage.getStore()?.operation),
    asyncStart: () => {},
    asyncEnd: () => {},
    error: () => {},
  }
  tracedCalls.subscribe(handlers)
  onTestFinished(() => {
    tracedCalls.unsubscribe(handlers)
  })
  await app.fetch(new Request('http://host/note'))
  expect(within).toEqual(['list'])
})
