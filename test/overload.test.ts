// A process that gets more requests than it can answer in time: the same in every protocol.
import { expect, onTestFinished, test } from 'vitest'
import { api, resource, t } from '../src/index.ts'
import { faces, served, speak } from './speakers.ts'

const note = resource({ id: t.id(), text: t.text() }).public()
const slow = resource({ id: t.id(), text: t.text() }).public()

test.each(faces)(
  'over %s, what is more than may be under way is refused, and told to nobody as a fault',
  async face => {
    const gate = Promise.withResolvers<void>()
    onTestFinished(() => gate.resolve())
    const arrived = Promise.withResolvers<void>()
    const faults: unknown[] = []
    const app = api(
      { note, slow },
      {
        report: () => {},
        onFault: fault => faults.push(fault),
        http: { overload: { inFlight: 1 }, log: record => faults.push(record) },
        before: async ctx => {
          if (ctx.resource !== 'slow') return
          arrived.resolve()
          await gate.promise
        },
      },
    )
    const port = await served(app)
    const [ann, bob] = [await speak(face, port), await speak(face, port)]
    const long = ann.create('slow', { text: 'long' })
    await arrived.promise
    const refused = await bob.create('note', { text: 'short' })
    expect(refused.status).toBe(503)
    if (face !== 'envelope') expect(refused.code).toBe('unavailable')
    gate.resolve()
    expect(await long).toMatchObject({ status: 201, row: { id: 1 } })
    expect(await bob.create('note', { text: 'short' })).toMatchObject({ status: 201, row: { id: 1, text: 'short' } })
    expect(faults).toEqual([])
  },
)

test('a batch over HTTP is refused like other requests', async () => {
  const gate = Promise.withResolvers<void>()
  onTestFinished(() => gate.resolve())
  const arrived = Promise.withResolvers<void>()
  const app = api(
    { note, slow },
    {
      report: () => {},
      http: { overload: { inFlight: 1 }, log: () => {} },
      before: async ctx => {
        if (ctx.resource !== 'slow') return
        arrived.resolve()
        await gate.promise
      },
    },
  )
  const port = await served(app)
  const ann = await speak('http', port)
  const batch = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ method: 'POST', uri: '/note', body: { text: 'short' } }]),
    })
    await response.text()
    return response.status
  }
  const long = ann.create('slow', { text: 'long' })
  await arrived.promise
  expect(await batch()).toBe(503)
  gate.resolve()
  await long
  expect([await batch(), await batch()]).toEqual([200, 200])
})

test('all protocols share the limit of running requests', async () => {
  const gate = Promise.withResolvers<void>()
  onTestFinished(() => gate.resolve())
  let waiting = 0
  const all = Promise.withResolvers<void>()
  const app = api(
    { note },
    {
      report: () => {},
      http: { overload: { inFlight: faces.length }, log: () => {} },
      before: async ({ operation }) => {
        if (operation !== 'create') return
        if (++waiting === faces.length) all.resolve()
        await gate.promise
      },
    },
  )
  const port = await served(app)
  const speakers = await Promise.all(faces.map(face => speak(face, port)))
  const created = speakers.map(one => one.create('note', { text: 'x' }))
  await all.promise
  const others = await Promise.all(faces.map(face => speak(face, port)))
  const refused = await Promise.all(others.map(one => one.create('note', { text: 'y' })))
  expect(refused.map(({ status }) => status)).toEqual(faces.map(() => 503))
  gate.resolve()
  expect((await Promise.all(created)).map(({ status }) => status)).toEqual(faces.map(() => 201))
})
