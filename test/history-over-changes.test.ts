// History and reads of the past over a change of the schema: in today's shape where that is defined, and said where it is not.
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Api } from '../src/api.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { migratedApp, migratedDatabases } from './migrated-app.ts'
import { serveFaces } from './speakers.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate, opened, rows } = migratedApp(database)

  const todo = (fields: string): string => declares(`todo: resource({ id: t.id(), ${fields} }).public()`)
  const get = async (app: Api<any>, path: string): Promise<{ status: number; body: any }> => {
    const response = await app.fetch(new Request(`http://localhost${path}`))
    return { status: response.status, body: await response.json() }
  }

  /** A row whose history has values that do not all become numbers, and then a field more. */
  async function changed(): Promise<string> {
    await opened(todo('title: t.text(), size: t.text()'), async app => {
      await app.post('todo', { title: 'a', size: '1' })
      await app.patch('todo', 1, { size: 'big' })
      await app.patch('todo', 1, { title: 'b' })
      await app.patch('todo', 1, { size: '3' })
      await app.patch('todo', 1, { title: 'c' })
    })
    const after = todo(`name: t.text().was('title'), amount: t.integer().was('size'), rank: t.integer()`)
    await migrate('plan', after, '--set', 'todo.rank=5')
    await migrate('apply', after)
    return after
  }

  test('history names the fields whose former value is not known', async () => {
    await opened(await changed(), async app => {
      await app.patch('todo', 1, { rank: 6 })
      const { body } = await get(app, '/todo/1/history')
      expect(body.map(({ data, before, unknown }: any) => [data, before, unknown])).toEqual([
        [{ id: 1, name: 'c', amount: 3, rank: 6 }, { rank: 5 }, undefined],
        [{ id: 1, name: 'c', amount: 3, rank: null }, { name: 'b' }, ['rank']],
        [{ id: 1, name: 'b', amount: 3, rank: null }, { amount: null }, ['amount', 'rank']],
        [{ id: 1, name: 'b', amount: null, rank: null }, { name: 'a' }, ['amount', 'rank']],
        [{ id: 1, name: 'a', amount: null, rank: null }, { amount: 1 }, ['amount', 'rank']],
        [{ id: 1, name: 'a', amount: 1, rank: null }, null, ['rank']],
      ])
      expect((await app.history('todo', 1)).records[3]!.unknown).toEqual(['amount', 'rank'])
    })
  })

  test('a read of the past that would show such a field is refused, and others are answered', async () => {
    await opened(await changed(), async app => {
      const { records } = await app.history('todo', 1)
      const at = (number: number): string => records[number]!.position
      const lost = await get(app, `/todo/1?at=${at(2)}`)
      expect([lost.status, lost.body.error, lost.body.unknown]).toEqual([410, 'gone', ['todo.amount', 'todo.rank']])
      expect(lost.body.detail).toContain('the value of todo.amount, todo.rank at that time is not known')
      expect((await get(app, `/todo/1?at=${at(1)}&fields=name,amount`)).body).toEqual({ name: 'b', amount: 3 })
      expect((await get(app, `/todo/1?at=${at(2)}&fields=name`)).body).toEqual({ name: 'b' })
      expect((await get(app, `/todo/1?at=${at(4)}&fields=amount`)).body).toEqual({ amount: 1 })
      expect((await get(app, `/todo?at=${at(2)}`)).status).toBe(410)
      await expect(app.get('todo', 1, { at: at(2) } as never)).rejects.toMatchObject({ code: 'gone' })
      // Since the change everything is known.
      await app.patch('todo', 1, { rank: 7 })
      const [now] = (await app.history('todo', 1)).records
      await app.patch('todo', 1, { amount: 9 })
      expect((await get(app, `/todo/1?at=${now!.position}`)).body).toEqual({ id: 1, name: 'c', amount: 3, rank: 7 })
      expect((await get(app, `/todo?at=${now!.position}`)).body).toEqual([{ id: 1, name: 'c', amount: 3, rank: 7 }])
    })
  })

  test('every face that reads the past says so in its own words', async () => {
    await opened(await changed(), async app => {
      const { records } = await app.history('todo', 1)
      const [known, unknown] = [records[1]!.position, records[2]!.position]
      const { port, close } = await serveFaces(app)
      onTestFinished(close)
      const names = ['todo.amount', 'todo.rank']
      const detail = 'the value of todo.amount, todo.rank at that time is not known'

      const native = await NativeClient.open(`ws://127.0.0.1:${port}`)
      onTestFinished(() => native.socket.terminate())
      for (const frame of [
        { op: 'get', uri: `/todo/1?at=${unknown}` },
        { op: 'get', uri: '/todo/1', params: { at: unknown } },
        { op: 'list', uri: `/todo?at=${unknown}` },
      ]) {
        const answer = await native.ask(frame)
        expect(answer).toMatchObject({ status: 410, error: { error: 'gone', unknown: names } })
        expect(answer.error.detail).toContain(detail)
      }
      const params = { at: known, fields: 'name,amount' }
      expect(await native.ask({ op: 'get', uri: '/todo/1', params })).toMatchObject({
        status: 200,
        data: { name: 'b', amount: 3 },
      })

      const envelope = new WebSocket(`ws://127.0.0.1:${port}`)
      onTestFinished(() => envelope.terminate())
      await once(envelope, 'open')
      for (const asked of [{ action: 'retrieve', pk: 1 }, { action: 'list' }]) {
        envelope.send(JSON.stringify({ stream: 'todo', payload: { ...asked, at: unknown, request_id: 1 } }))
        const [text] = (await once(envelope, 'message')) as [Buffer]
        const { payload } = JSON.parse(String(text))
        expect([payload.response_status, payload.errors]).toEqual([410, [expect.stringContaining(detail)]])
      }
    })
  })

  test('positions of before are of another history', async () => {
    const before = todo('title: t.text(), size: t.text()')
    const position = await opened(before, async app => {
      await app.post('todo', { title: 'a', size: '1' })
      return (await app.history('todo', 1)).records[0]!.position
    })
    const after = todo('title: t.text(), size: t.integer()')
    await migrate('plan', after, '--otherwise', 'todo.size=0')
    await migrate('apply', after)
    await opened(after, async app => {
      const { status, body } = await get(app, `/todo/1?at=${position}`)
      expect([status, body.errors[0].detail]).toEqual([400, 'is of another history than this one'])
    })
    expect(await rows(after, 'todo')).toEqual([{ id: 1, title: 'a', size: 1 }])
  })
})
