import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from '../../../api.ts'
import { action } from '../../../model/declare/action.ts'
import { resource } from '../../../model/declare/resource.ts'
import { ApiError } from '../../../protocol/error.ts'
import { t } from '../../../schema/builder.ts'
import type { RequestRecord } from '../options.ts'
import type { HttpOptions } from '../options.ts'
import { redact } from '../response/redact.ts'

function open(http: HttpOptions) {
  const app = api(
    {
      note: resource({ id: t.id(), text: t.text(), shelf: t.one('shelf').nullable() }),
      shelf: resource({ id: t.id(), notes: t.back('note', 'shelf'), size: t.count('notes').sortable() }),
      task: resource({ id: t.id() }, { path: '/tasks' }).actions({
        count: action({ run: () => 7 }),
        close: action({ on: 'row', run: () => true }),
      }),
    },
    {
      report: () => {},
      authenticate: credentials => {
        const id = credentials.header('authorization')
        if (id === 'wrong') throw new ApiError('unauthenticated')
        return id === undefined ? null : { id }
      },
      http: { log: () => {}, ...http },
    },
  )
  onTestFinished(() => app.close())
  return (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    app.fetch(new Request(`http://host${path}`, { method, headers }))
}

describe('metrics', () => {
  const ann = { authorization: 'ann' }

  test('answers are counted by method, route and status, however they came about', async () => {
    const ask = open({ metrics: true })
    for (const path of ['/note', '/note/1', '/note/2', '/note?x=1', '/nowhere', '/else']) await ask(path, ann)
    await ask('/note', { authorization: 'wrong' })
    await ask('/note', ann, 'BREW')
    const answer = await ask('/metrics')
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    const counted = [...text.matchAll(/^restuary_http_requests_total\{(.*)\} (\d+)$/gm)].map(
      ([, one, n]) => `${one} ${n}`,
    )
    expect(counted.toSorted()).toEqual([
      'method="GET",route="/note",status="200" 1',
      'method="GET",route="/note",status="400" 1',
      'method="GET",route="/note",status="401" 1',
      'method="GET",route="/note/:id",status="404" 2',
      'method="GET",route="none",status="404" 2',
      'method="other",route="/note",status="501" 1',
    ])
    expect(text).toContain('restuary_http_request_duration_seconds_count{method="GET",route="/note"} 3')
    expect(text).toMatch(/^restuary_in_flight 0$/m)
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  })

  test('routes are logged as they are declared: paths, actions, parts of rows', async () => {
    const ask = open({ metrics: true })
    for (const path of ['/tasks/count', '/tasks/1/close', '/tasks/2/close']) await ask(path, ann, 'POST')
    for (const path of ['/tasks', '/tasks/1/history']) await ask(path, ann)
    const text = await (await ask('/metrics')).text()
    const routes = [...text.matchAll(/_count\{method="(\w+)",route="(.*)"\} (\d+)$/gm)].map(found => found.slice(1))
    expect(routes).toEqual([
      ['POST', '/tasks/count', '1'],
      ['POST', '/tasks/:id/close', '2'],
      ['GET', '/tasks', '1'],
      ['GET', '/tasks/:id/history', '1'],
    ])
  })

  test('every line is one of the text format, and buckets rise to the count', async () => {
    const ask = open({ metrics: true })
    await ask('/note', ann)
    const text = await (await ask('/metrics')).text()
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[\d.e+-]+)$/)
    const buckets = [...text.matchAll(/_bucket\{[^}]*\} (\d+)/g)].map(([, n]) => Number(n))
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b))
    expect(buckets.at(-1)).toBe(1)
  })

  test('a query that runs again after commits is named once, however many subscribers it has', async () => {
    const ask = open({ metrics: true })
    for (const limit of [1, 2]) await ask(`/shelf?sort=size&limit=${limit}`, { ...ann, accept: 'text/event-stream' })
    const text = await (await ask('/metrics')).text()
    expect(text).toMatch(/^restuary_live_queries\{upkeep="requeried"\} 2$/m)
    expect(text.match(/^restuary_live_requery_seconds\{.*\}/gm)).toEqual([
      'restuary_live_requery_seconds{resource="shelf",query="size {}"}',
    ])
  })

  test('metrics are only for callers who may have them', async () => {
    const ask = open({ metrics: who => who?.id === 'ann' })
    expect((await ask('/metrics')).status).toBe(401)
    expect((await ask('/metrics', { authorization: 'bob' })).status).toBe(403)
    expect((await ask('/metrics', ann)).status).toBe(200)
    expect((await open({})('/metrics', ann)).status).toBe(404)
  })
})

describe('records of requests', () => {
  test('the log says who asked for what and how it ended, without secrets', async () => {
    const records: RequestRecord[] = []
    const ask = open({ requests: record => records.push(record) })
    await ask('/note?filter=%7B%22text%22%3A%22private%22%7D', { authorization: 'ann', 'x-request-id': 'abc-1' })
    await ask('/note/9', { authorization: 'ann', 'x-request-id': 'no good' })
    expect(records).toMatchObject([
      {
        event: 'request',
        requestId: 'abc-1',
        method: 'GET',
        path: '/note',
        route: '/note',
        status: 200,
        bytes: 2,
        caller: 'ann',
      },
      { requestId: null, path: '/note/9', route: '/note/:id', status: 404, caller: 'ann' },
    ])
    expect(records[0]!.milliseconds).toBeGreaterThan(0)
    expect(JSON.stringify(records)).not.toContain('private')
  })

  test.each<[unknown, unknown]>([
    ['Authorization: Bearer abc.def-123==', 'Authorization: Bearer [redacted]'],
    ['token eyJhbGciOi.eyJzdWIi.sIgnature_-1 end', 'token [redacted] end'],
    ['postgres://user:hunter2@host/db', 'postgres://user:[redacted]@host/db'],
    [
      { password: 'x', apiKey: 'x', 'set-cookie': 'x', user: { access_token: 'x', name: 'ann' }, list: ['Basic QTpC'] },
      {
        password: '[redacted]',
        apiKey: '[redacted]',
        'set-cookie': '[redacted]',
        user: { access_token: '[redacted]', name: 'ann' },
        list: ['Basic [redacted]'],
      },
    ],
    [
      { keyboard: 'qwerty', n: 1, none: null },
      { keyboard: 'qwerty', n: 1, none: null },
    ],
  ])('%j is logged as %j', (value, logged) => expect(redact(value)).toEqual(logged))

  test('errors are logged with their stack, without credentials', () => {
    expect(redact(new Error('Bearer secret-1'))).toMatch(/^Error: Bearer \[redacted\]\n +at /)
  })
})
