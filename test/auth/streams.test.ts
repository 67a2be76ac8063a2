// A stream ends when the right that opened it ends, and it shows what its reader may see at the moment.
import { once } from 'node:events'
import { get as ask } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { any, api, hashPassword, resource, serve, t, type Api, type AuthOptions } from '../../src/index.ts'
import { EventStream } from '../../src/testing/event-stream.ts'
import { fillStore } from '../../src/testing/fill.ts'

const user = resource({
  id: t.id(),
  email: t.email().unique(),
  role: t.enum(['admin', 'member']).default('member'),
  password: t.password(),
})
  .login('email', 'password')
  .rules((me, user) => ({ read: user.is(me) }))
const note = resource
  .for(user)({ id: t.id(), text: t.text(), owner: t.one('user') })
  .rules((me, note) => ({ read: any(note.owner.is(me), me.role.is('admin')) }))

async function open(auth: AuthOptions = {}): Promise<{ app: Api; token: string; read: () => Promise<EventStream> }> {
  const app = api({ user, note }, { auth, report: () => {}, http: { log: () => {} } }) as unknown as Api
  const served = await serve(app, { port: 0, signals: false, report: () => {}, grace: 0 })
  onTestFinished(() => served.close())
  const password = await hashPassword('correct horse', { memory: 8, passes: 1, parallelism: 1 })
  await fillStore(app, {
    user: [1, 2].map(id => ({ id, email: `u${id}@x.io`, role: 'member', password })),
    note: [1, 2].map(id => ({ id, text: `of ${id}`, owner: id })),
  })
  const { access_token: token } = await app.engine.auth!.begin(1)
  const read = async (): Promise<EventStream> => {
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` }
    const request = ask(`${served.url}/note`, { headers, agent: false })
    const [response] = await once(request, 'response')
    const reader = new EventStream()
    response.setEncoding('utf8').on('data', (chunk: string) => reader.feed(chunk))
    response.on('close', () => reader.end()).on('error', () => {})
    onTestFinished(() => void request.destroy())
    return reader
  }
  return { app, token, read }
}
/** The next event: its name, the texts of the rows that it shows, and of a row that only moved why and which it is. */
const next = async (reader: EventStream): Promise<unknown[]> => {
  const [{ event, data }] = (await reader.take(1)) as [{ event: string; data: any }]
  if (Array.isArray(data)) return [event, data.map(one => one.text)]
  return [event, data.data && data.data.text, ...(data.reason ? [data.reason, data.id] : [])]
}

test('a changed role: visible rows enter, hidden rows leave, and nothing about them is sent later', async () => {
  const { app, read } = await open()
  const reader = await read()
  expect(await next(reader)).toEqual(['snapshot', ['of 1']])
  await app.safe.patch('user', 1, { role: 'admin' })
  expect(await next(reader)).toEqual(['created', 'of 2', 'enter', 2])
  await app.safe.patch('user', 1, { role: 'member' })
  expect(await next(reader)).toEqual(['deleted', null, 'leave', 2])
  await app.safe.patch('note', 2, { text: 'secret of 2' })
  await app.safe.patch('note', 1, { text: 'new of 1' })
  expect(await next(reader)).toEqual(['updated', 'new of 1'])
})

test.each<[string, (app: Api, token: string) => Promise<unknown>]>([
  ['logging out', async (app, token) => app.engine.auth!.end(await app.engine.auth!.authenticateToken(token))],
  ['another password', app => app.safe.patch('user', 1, { password: 'another horse' })],
  ['the end of the user', app => app.safe.delete('note', 1).then(() => app.safe.delete('user', 1))],
])('%s ends it', async (_, act) => {
  const { app, token, read } = await open()
  const reader = await read()
  await next(reader)
  await act(app, token)
  await expect.poll(() => reader.ended).toBe(true)
  await app.safe.post('note', { text: 'later', owner: 1 })
  expect(JSON.stringify(reader.events)).not.toContain('later')
})

test('the end of its token ends it, without anything happening', async () => {
  const { read } = await open({ access: 1 })
  const reader = await read()
  await next(reader)
  await expect.poll(() => reader.ended).toBe(true)
})
