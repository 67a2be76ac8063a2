// Who is told that a row has changed is told the row as well, as far as it may be seen.
import { expect, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { served } from './speakers.ts'

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

const user = resource({ id: t.id(), role: t.text() }).public()
const note = resource({ id: t.id(), text: t.text(), salary: t.integer().default(5) }).rules(me => ({
  read: me.signedIn,
  create: me.signedIn,
  write: me.signedIn,
  fields: { salary: { read: me['role']!.is('admin') } },
}))

test.each(stores)('over %s', async (_, store) => {
  const app: any = api(
    { user, note },
    {
      store: store(),
      report: () => {},
      http: { log: () => {} },
      authenticate: credentials => ({ id: 1, role: credentials.header('x-admin') ? 'admin' : 'member' }),
    },
  )
  await app.post('note', { text: 'a' })
  const ask = async (method: string, headers: object, body?: object): Promise<any> => {
    const answer: Response = await app.fetch(
      new Request('http://host/note/1?fields=text,salary', {
        method,
        headers: { 'content-type': 'application/json', 'if-match': '"x.1"', ...headers },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
    expect(answer.status).toBe(412)
    const problem: any = await answer.json()
    expect(answer.headers.get('etag')).toBe(`"${problem.etag}"`)
    return problem.current
  }
  const admin = { 'x-admin': '1' }
  expect(await ask('PATCH', admin, { text: 'b' })).toEqual({ text: 'a', salary: 5 })
  expect(await ask('PATCH', {}, { text: 'b' })).toEqual({ text: 'a' })
  expect(await ask('PUT', {}, { text: 'b' })).toEqual({ text: 'a' })
  expect(await ask('DELETE', {})).toEqual({ text: 'a' })
  // A kept refusal would show an old row.
  const key = { ...admin, 'idempotency-key': 'k' }
  expect(await ask('PATCH', key, { text: 'c' })).toEqual({ text: 'a', salary: 5 })
  const again: Response = await app.fetch(
    new Request('http://host/note/1?fields=text,salary', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': '"x.1"', ...key },
      body: '{"text":"c"}',
    }),
  )
  expect(await again.json()).not.toHaveProperty('current')
  const client = await NativeClient.open(`ws://127.0.0.1:${await served(app)}/`)
  const { error } = await client.ask({ op: 'patch', uri: '/note/1', data: { text: 'b' }, ifMatch: 'x.1' })
  expect(error.current).toEqual({ id: 1, text: 'a' })
  expect(await client.ask({ op: 'patch', uri: '/note/1', data: { text: 'b' }, ifMatch: error.etag })).toMatchObject({
    status: 200,
  })
  client.cut()
})
