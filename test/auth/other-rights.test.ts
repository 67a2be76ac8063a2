// Whoever stays connected while what they may see changes: on every face what comes into view enters, what goes leaves,
// by its id alone, and nothing behind the change is told by the rights of before.
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  always,
  any,
  api,
  handled,
  hashPassword,
  memory,
  resource,
  serve,
  sqlite,
  t,
  type Api,
  type Served,
  type Store,
} from '../../src/index.ts'
import { fillStore } from '../../src/testing/fill.ts'
import { NativeClient } from '../../src/testing/native-client.ts'
import { listenOn, type Ear, type Heard } from '../rules/ears.ts'
import { slow } from '../../src/testing/slow-store.ts'

const user = resource({
  id: t.id(),
  email: t.email().unique(),
  role: t.enum(['admin', 'member']).default('member'),
  nick: t.text().default(''),
  password: t.password(),
})
  .login('email', 'password')
  .rules((me, user) => ({ read: user.is(me) }))
const note = resource
  .for(user)({ id: t.id(), text: t.text(), owner: t.one('user'), price: t.integer().default(0) })
  .rules((me, note) => ({
    read: any(note.owner.is(me), me.role.is('admin')),
    fields: { price: { read: me.role.is('admin') } },
  }))
const audit = resource
  .for(user)({ id: t.id(), what: t.text() })
  .rules(me => ({ read: me.role.is('admin') }))

const team = resource
  .for(user)({ id: t.id(), open: t.bool().default(false), tasks: t.back('task', 'team') })
  .rules((me, team) => ({ read: any(team.open.is(true), me.role.is('admin')) }))
const task = resource
  .for(user)({ id: t.id(), text: t.text(), team: t.one('team') })
  .rules(() => ({ read: always }))

const faces = ['sse', 'native', 'envelope', 'socketio'] as const
const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

describe.each(stores)('over %s', (_, store) => {
  let app: Api
  let served: Served
  const ears: Ear[] = []
  beforeEach(async () => {
    app = api(
      { user, note, audit, team, task },
      { store: store(), auth: {}, report: () => {}, http: { log: () => {} } },
    )
    served = await serve(app, { port: 0, signals: false, report: () => {}, grace: 0 })
    const password = await hashPassword('correct horse', { memory: 8, passes: 1, parallelism: 1 })
    await fillStore(app, {
      user: [1, 2].map(id => ({ id, email: `u${id}@x.io`, role: 'member', nick: '', password })),
      note: [1, 2].map(id => ({ id, text: `of ${id}`, owner: id, price: 10 * id })),
      audit: [{ id: 1, what: 'began' }],
      team: [{ id: 1, open: false }],
      task: [{ id: 1, text: 'a', team: 1 }],
    })
  })
  afterEach(async () => {
    for (const ear of ears.splice(0)) ear.close()
    await served.close()
  })

  const tokenOf = async (id: number): Promise<string> => (await app.engine.auth!.begin(id)).access_token
  const listen = async (face: (typeof faces)[number], uri = '/note', as = 1): Promise<Ear> => {
    const ear = await listenOn[face](served.url, await tokenOf(as), uri)
    ears.push(ear)
    return ear
  }
  const role = (id: number, role: string): Promise<unknown> => app.safe.patch('user', id, { role })
  const patch = (name: string, id: number, data: object): Promise<unknown> => app.safe.patch(name, id, data)
  const take = async (ear: Ear, count: number): Promise<Heard[]> => {
    const heard: Heard[] = []
    for (let i = 0; i < count; i++) heard.push(await ear.next())
    return heard.toSorted((a, b) => a[1]! - b[1]!)
  }

  test.each(['sse', 'native', 'socketio'] as const)(
    'a nested list lives on while its parent is out of sight, on %s',
    async face => {
      await role(1, 'admin')
      const ear = await listen(face, '/team/1/tasks')
      expect([...ear.rows.keys()]).toEqual([1])
      for (let again = 0; again < 2; again++) {
        await role(1, 'member')
        expect(await ear.next()).toEqual(['leave', 1])
        await patch('team', 1, { open: true })
        expect(await ear.next()).toMatchObject(['enter', 1, { text: 'a' }])
        await patch('team', 1, { open: false })
        expect(await ear.next()).toEqual(['leave', 1])
        await role(1, 'admin')
        expect(await ear.next()).toMatchObject(['enter', 1, { text: 'a' }])
      }
    },
  )

  describe.each(faces)('on %s', face => {
    test('a grant enters, a revocation leaves, and fields come and go', async () => {
      const ear = await listen(face)
      const bare = [...ear.rows.values()]
      expect(bare.map(row => row['id'])).toEqual([1])
      await role(1, 'admin')
      const full = { id: 1, text: 'of 1', owner: 1, price: 10 }
      expect(await take(ear, 2)).toEqual([
        ['change', 1, full],
        ['enter', 2, { id: 2, text: 'of 2', owner: 2, price: 20 }],
      ])
      await role(1, 'member')
      // A patch can only take a member away by saying that it is null.
      const hidden = face === 'socketio' ? { ...bare[0], price: null } : bare[0]
      expect(await take(ear, 2)).toEqual([
        ['change', 1, hidden],
        ['leave', 2],
      ])
      await patch('note', 2, { text: 'secret' })
      await patch('note', 1, { text: 'mine' })
      expect((await ear.next())[1]).toBe(1)
      expect(ear.tap.text).not.toContain('secret')
    })

    test('writes together with or after a revocation are not sent, writes before it are', async () => {
      const ear = await listen(face)
      await role(1, 'admin')
      await take(ear, 2)
      await Promise.all([
        patch('note', 2, { text: 'before' }),
        role(1, 'member'),
        patch('note', 2, { text: 'secret one' }),
        app.safe.post('note', { text: 'secret new', owner: 2 }),
        patch('note', 1, { text: 'mine' }),
      ])
      await app.transaction(async tx => {
        const write = tx.patch as unknown as (name: string, id: number, data: object) => Promise<unknown>
        await write('user', 1, { nick: 'n' })
        await write('note', 2, { text: 'secret two' })
      })
      await patch('note', 1, { text: 'the end' })
      for (let heard: Heard; ;) {
        heard = await ear.next()
        // A store that commits one by one lets it be seen before it is out of sight.
        if (heard[0] === 'change' && heard[1] === 2) expect(heard[2]).toMatchObject({ text: 'before' })
        else expect(heard[0] === 'leave' ? heard : heard[1]).toEqual(heard[0] === 'leave' ? ['leave', 2] : 1)
        if (JSON.stringify(heard).includes('the end')) break
      }
      expect([...ear.rows.keys()]).toEqual([1])
      expect(ear.tap.text).not.toContain('secret')
    })

    test('a new right is valid for writes in the same commit', async () => {
      const ear = await listen(face)
      await Promise.all([role(1, 'admin'), patch('note', 2, { text: 'now' })])
      await ear.reach([
        { id: 1, text: 'of 1', owner: 1, price: 10 },
        { id: 2, text: 'now', owner: 2, price: 20 },
      ])
    })

    test('a list that only a role opens empties and fills again', async () => {
      await role(1, 'admin')
      const ear = await listen(face, '/audit')
      await role(1, 'member')
      expect(await ear.next()).toEqual(['leave', 1])
      await app.safe.post('audit', { what: 'secret' })
      expect(ear.tap.text).not.toContain('secret')
      await role(1, 'admin')
      expect(await take(ear, 2)).toEqual([
        ['enter', 1, { id: 1, what: 'began' }],
        ['enter', 2, { id: 2, what: 'secret' }],
      ])
    })

    test('a change that does not affect what is visible sends nothing', async () => {
      const ear = await listen(face)
      await patch('user', 1, { nick: 'other' })
      await patch('note', 1, { text: 'next' })
      expect((await ear.next()).slice(0, 2)).toEqual(['change', 1])
      expect(ear.heard).toEqual([])
    })

    test.each<[string, () => Promise<unknown>]>([
      ['logging out', () => app.engine.auth!.endAll(1)],
      ['another password', () => patch('user', 1, { password: 'another horse' })],
    ])('%s ends it, and nothing is told any more', async (_why, act) => {
      const ear = await listen(face)
      await act()
      await patch('note', 1, { text: 'secret' })
      expect(await ear.whenEnded()).toMatch(/unauthenticated|ended|disconnect|Unauthenticated/)
      expect(ear.tap.text).not.toContain('secret')
    })
  })

  test('the end of a token ends connections on all faces, without anything happening', async () => {
    const short = api({ user, note }, { auth: { access: 4 }, report: () => {}, http: { log: () => {} } })
    const there = await serve(short, { port: 0, signals: false, report: () => {}, grace: 0 })
    onTestFinished(() => there.close())
    await short.safe.post('user', { email: 'a@x.io', password: 'correct horse' })
    const { access_token: token } = await short.engine.auth!.begin(1)
    const open = await Promise.all(faces.map(face => listenOn[face](there.url, token, '/note')))
    ears.push(...open)
    await Promise.all(open.map(ear => ear.whenEnded()))
  })

  test('a client that returns with other rights begins with a new snapshot', async () => {
    await role(1, 'admin')
    const { position } = (await app.safe.patch('note', 1, { text: 'seen' })) as { position: string }
    const back = async (): Promise<unknown[]> => {
      const headers = { authorization: `Bearer ${await tokenOf(1)}` }
      const client = await NativeClient.open(served.url.replace('http', 'ws'), headers)
      client.send({ id: 1, op: 'subscribe', uri: '/note', since: position })
      const { op, ids } = await client.hear(({ op }) => op !== undefined && op !== 'hello')
      client.cut()
      return [op, ids]
    }
    expect(await back()).toEqual(['resumed', undefined])
    await role(1, 'member')
    expect(await back()).toEqual(['reset', [1]])
  })

  test('handled resources are not sent under earlier rights either', async () => {
    const lamps = handled({ '/lamps/': { get: () => [] } }, { permissions: [who => who?.['role'] === 'admin'] })
    const lit = api({ user, lamps }, { store: store(), auth: {}, report: () => {}, http: { log: () => {} } })
    const there = await serve(lit, { port: 0, signals: false, report: () => {}, grace: 0 })
    onTestFinished(() => there.close())
    await lit.safe.post('user', { email: 'a@x.io', password: 'correct horse', role: 'admin' })
    const { access_token: token } = await lit.engine.auth!.begin(1)
    const ear = await listenOn.socketio(there.url, token, '/lamps/')
    ears.push(ear)
    await lit.publish('/lamps/', { create: { id: 1 } })
    expect(await ear.next()).toEqual(['enter', 1, { id: 1 }])
    await lit.safe.patch('user', 1, { nick: 'same rights' })
    await lit.publish('/lamps/', { create: { id: 2 } })
    expect((await ear.next()).slice(0, 1)).toEqual(['state'])
    await lit.safe.patch('user', 1, { role: 'member' })
    await lit.publish('/lamps/', { create: { id: 'secret' } })
    await expect.poll(() => ear.tap.text).toContain('Forbidden')
    expect(ear.tap.text).not.toContain('secret')
  })

  describe('while a change of a handled resource is being sent', () => {
    /** An API of lamps whose list is read once `go` is called, and a client that asked to follow it. */
    const slowLamps = async (): Promise<{ lit: Api; go: () => void; client: NativeClient }> => {
      const [asked, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const get = async (): Promise<unknown[]> => {
        asked.resolve()
        await given.promise
        return []
      }
      const lamps = handled({ '/lamps/': { get } }, { permissions: [who => who?.['role'] === 'admin'] })
      const options = { store: store(), auth: {}, report: () => {}, http: { log: () => {} } }
      const lit = api({ user, lamps }, options) as unknown as Api
      const there = await serve(lit, { port: 0, signals: false, report: () => {}, grace: 0 })
      onTestFinished(() => there.close())
      await lit.safe.post('user', { email: 'a@x.io', password: 'correct horse', role: 'admin' })
      const { access_token: token } = await lit.engine.auth!.begin(1)
      const client = await NativeClient.open(there.url.replace('http', 'ws'), { authorization: `Bearer ${token}` })
      onTestFinished(() => client.cut())
      client.send({ id: 1, op: 'subscribe', uri: '/lamps/' })
      await asked.promise
      return { lit, go: given.resolve, client }
    }

    test('rights that change count for it as well', async () => {
      const { lit, go, client } = await slowLamps()
      await lit.safe.patch('user', 1, { role: 'member' })
      await lit.publish('/lamps/', { create: { id: 'secret' } })
      await lit.http.live!.advance()
      go()
      expect(await client.hear(frame => frame.id === 1)).toMatchObject({ status: 403 })
      expect(await client.ask({ op: 'ping' })).toMatchObject({ op: 'pong' })
      expect(JSON.stringify(client.heard)).not.toContain('secret')
      expect(lit.published.subscriptions).toBe(0)
    })

    test('unchanged rights do not send anything again', async () => {
      const { lit, go, client } = await slowLamps()
      // A session of the same user, which changes nothing for this one.
      await lit.engine.auth!.begin(1)
      await lit.http.live!.advance()
      await lit.publish('/lamps/', { create: { id: 1 } })
      await lit.http.live!.advance()
      go()
      expect(await client.hear(frame => frame.sub === 1)).toMatchObject({ op: 'snapshot', data: [] })
      expect(await client.hear(frame => frame.sub === 1)).toMatchObject({ op: 'commit', events: [{ data: { id: 1 } }] })
    })
  })

  test('below a parent that may no longer be seen there is nothing, and everything again with it', async () => {
    const box = resource
      .for(user)({ id: t.id(), owner: t.one('user').nullable(), things: t.back('thing', 'box') })
      .rules((me, box) => ({ read: box.owner.is(me) }))
    const thing = resource({ id: t.id(), box: t.one('box') }).rules(me => ({ read: me.signedIn }))
    const nested = api({ user, box, thing }, { store: store(), auth: {}, report: () => {}, http: { log: () => {} } })
    const there = await serve(nested, { port: 0, signals: false, report: () => {}, grace: 0 })
    onTestFinished(() => there.close())
    await nested.safe.post('user', { email: 'a@x.io', password: 'correct horse' })
    await nested.safe.post('box', { owner: 1 })
    await nested.safe.post('thing', { box: 1 })
    const { access_token: token } = await nested.engine.auth!.begin(1)
    const ear = await listenOn.native(there.url, token, '/box/1/things')
    ears.push(ear)
    await nested.safe.patch('box', 1, { owner: null })
    expect(await ear.next()).toEqual(['leave', 1])
    await nested.safe.patch('box', 1, { owner: 1 })
    expect(await ear.next()).toEqual(['enter', 1, { id: 1, box: 1 }])
  })

  test('an item that may no longer be seen leaves, and comes back', async () => {
    await role(1, 'admin')
    const ear = await listen('native')
    ear.send({ id: 2, op: 'subscribe', uri: '/note/2' })
    await ear.next()
    await role(1, 'member')
    expect((await take(ear, 3)).filter(([, id]) => id === 2)).toEqual([
      ['leave', 2],
      ['leave', 2],
    ])
  })

  test('a client that logs in as another user on a socket gets the difference', async () => {
    const ear = await listen('native')
    ear.send({ id: 5, op: 'auth', token: await tokenOf(2) })
    expect(await take(ear, 2)).toEqual([
      ['leave', 1],
      ['enter', 2, expect.objectContaining({ text: 'of 2' })],
    ])
    await role(2, 'admin')
    expect((await take(ear, 2)).map(([kind]) => kind)).toEqual(['enter', 'change'])
    await role(1, 'admin')
    await patch('note', 1, { text: 'next' })
    expect((await ear.next()).slice(0, 2)).toEqual(['change', 1])
  })

  test('if changes are held back, changes of rights are not, and hidden rows are not sent later', async () => {
    await role(1, 'admin')
    const ear = await listen('native', '/audit')
    ear.send({ id: 2, op: 'subscribe', uri: '/note?sort=-id', mode: 60_000 })
    expect((await ear.next())[0]).toBe('state')
    await patch('note', 2, { text: 'told' })
    expect(await ear.next()).toEqual(['change', 2, expect.objectContaining({ text: 'told' })])
    await patch('note', 2, { text: 'held back' })
    await patch('note', 1, { text: 'held back too' })
    await role(1, 'member')
    expect(await take(ear, 3)).toEqual([
      ['leave', 1],
      ['change', 1, { id: 1, text: 'held back too', owner: 1 }],
      ['leave', 2],
    ])
  })
})
