import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import type { Deprecation } from '../../model/declare/deprecation.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'

const old: Deprecation = {
  since: '2026-01-01T00:00:00Z',
  sunset: '2027-01-01',
  docs: '/docs/migrate',
  successor: '/v1/note',
}

function open(deprecation: Deprecation) {
  const clock = { now: Date.UTC(2026, 5, 1) }
  const app = api(
    { note: resource({ id: t.id() }, { deprecation }).public(), other: resource({ id: t.id() }).public() },
    { clock: () => clock.now, report: () => {}, http: { log: () => {} } },
  )
  onTestFinished(() => app.close())
  const ask = (path: string): Promise<Response> => app.fetch(new Request(`http://host${path}`))
  return { app, ask, clock }
}

test('every answer announces the end of the resource, and its replacement', async () => {
  const { ask } = open(old)
  for (const [path, status] of [
    ['/note', 200],
    ['/note/1', 404],
  ] as const) {
    const { status: seen, headers } = await ask(path)
    expect(seen).toBe(status)
    expect(headers.get('deprecation')).toBe('@1767225600')
    expect(headers.get('sunset')).toBe('Fri, 01 Jan 2027 00:00:00 GMT')
    expect(headers.get('link')).toBe(
      '</docs/migrate>; rel="deprecation"; type="text/html", </v1/note>; rel="successor-version"',
    )
  }
  expect((await ask('/other')).headers.get('deprecation')).toBeNull()
})

test('a stream announces it as well', async () => {
  const { app } = open(old)
  const stream = await app.fetch(new Request('http://host/note', { headers: { accept: 'text/event-stream' } }))
  expect(stream.headers.get('deprecation')).toBe('@1767225600')
  await stream.body!.cancel()
})

test('after its end it is gone for callers, not for the application', async () => {
  const { app, ask, clock } = open(old)
  clock.now = Date.UTC(2027, 0, 1)
  const answer = await ask('/note')
  expect(answer.status).toBe(410)
  expect(answer.headers.get('link')).toContain('successor-version')
  expect(await app.list('note')).toEqual([])
})

test.each<[Deprecation, string]>([
  [{ since: 'soon' }, 'no date that can be read'],
  [{ since: '2026-01-02', sunset: '2026-01-01' }, 'ends before'],
  [{ since: '2026-01-01', docs: '</x>' }, 'not a URI'],
])('%j is refused at start', (deprecation, problem) => expect(() => open(deprecation)).toThrow(problem))
