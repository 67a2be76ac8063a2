// Every way to write a relation, by everyone, on every face: it is done if and only if the rules of both sides let it, and then
// it makes what it says; refused, it changes nothing. MATRIX=all asks all of it on every face.
import { afterAll, describe, expect, test } from 'vitest'
import { memory, sqlite, type Store } from '../../../src/index.ts'
import { positionOf } from '../../fuzz/model.ts'
import { connect, serveFaces, type Face } from '../../speakers.ts'
import { mayChange } from './oracle.ts'
import { mayAsk, waysOf, type Way } from './ways.ts'
import { callerOf, club, empty, first, reset, worldOf, type Me } from './world.ts'

const people: Me[] = [null, ...[1, 2, 3, 4].map(callerOf)]
let cells = 0

/** Asks in the words of one face; the status, or null where it has no words for this. */
type Ask = (way: Way) => Promise<number> | null

function byCode(app: any, me: Me): Ask {
  return ({ method, path, body }) => {
    const [, name, id, nested] = path.split('/')
    if (nested) return null
    const { safe } = app
    const call =
      method === 'POST'
        ? safe.post(name, body, { me })
        : method === 'PUT'
          ? safe.put(name, Number(id), body, { me })
          : method === 'DELETE'
            ? safe.delete(name, Number(id), { me })
            : method === 'PATCH'
              ? safe.patch(name, Number(id), body, { me })
              : null
    return call && call.then((answer: { status: number }) => answer.status)
  }
}

function byFetch(app: any, me: Me): Ask {
  return async ({ method, path, body }) => {
    const headers = {
      'content-type': method === 'JSON' ? 'application/json-patch+json' : 'application/json',
      ...(me && { authorization: `Bearer ${me.id}` }),
    }
    const init = {
      method: method === 'JSON' ? 'PATCH' : method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
    return (await app.fetch(new Request(`http://x${path}`, init))).status
  }
}

async function bySocket(face: Face, port: number, me: Me): Promise<{ ask: Ask; cut: () => void }> {
  const speaker = await connect(face, port, me && String(me.id))
  return {
    cut: () => speaker.cut(),
    ask: ({ method, path, body }) => {
      const [, name = '', id = '', nested] = path.split('/')
      if (nested && face !== 'native') return null
      const status = async (answer: Promise<{ status: number }>): Promise<number> => (await answer).status
      if (method === 'POST') return status(speaker.create(nested ? `${name}/${id}/${nested}` : name, body))
      if (method === 'PUT') return speaker.replace ? status(speaker.replace(name, Number(id), body)) : null
      if (method === 'DELETE') return status(speaker.remove(name, Number(id)))
      return method === 'PATCH' || face === 'native' ? status(speaker.patch(name, Number(id), body)) : null
    },
  }
}

const faces: [string, string, () => Store, number][] = [
  ['code', 'memory', memory, 1],
  ['http', 'memory', memory, 1],
  ['http', 'sqlite', () => sqlite(':memory:'), 3],
  ['native', 'memory', memory, 3],
  ['envelope', 'memory', memory, 3],
  ['socketio', 'memory', memory, 3],
]

describe.each(faces)('by %s over %s', (face, _, store, every) => {
  test.each(people.map(me => [me ? String(first.user[me.id as number].name) : 'nobody', me] as const))(
    '%s',
    async (_name, me) => {
      const app: any = club(store())
      await app.ready()
      await reset(app, first, empty)
      const served = face === 'code' || face === 'http' ? null : await serveFaces(app)
      const socket = served && (await bySocket(face as Face, served.port, me))
      const ask = socket ? socket.ask : (face === 'code' ? byCode : byFetch)(app, me)
      const step = process.env['MATRIX'] === 'all' ? 1 : every
      const wrong: string[] = []
      let done = 0
      for (const [i, way] of waysOf(me).entries()) {
        if (i % step !== 0) continue
        const answer = ask(way)
        if (answer === null) continue
        cells++
        const position = positionOf(app)
        const status = await answer
        const wanted = way.makes(first, me)
        const may = mayAsk(first, me, way) && mayChange(me, first, wanted)
        const now = positionOf(app) === position ? first : await worldOf(app)
        const what = `${way.method} ${way.path} ${JSON.stringify(way.body)} → ${status}`
        // A JSON Patch that changes nothing may be refused for what it names; the envelope leaves out what is readonly.
        const isIdle =
          (way.method === 'JSON' && JSON.stringify(wanted) === JSON.stringify(first)) ||
          (face === 'envelope' && Object.hasOwn(way.body ?? {}, 'author'))
        if (status < 400 !== may && !isIdle) wrong.push(`${what}, but it ${may ? 'may' : 'may not'}`)
        if (JSON.stringify(now) !== JSON.stringify(may && status < 400 ? wanted : first))
          wrong.push(`${what} made ${JSON.stringify(now)}`)
        if (JSON.stringify(now) !== JSON.stringify(first)) {
          done++
          await reset(app, first, now)
          expect(await worldOf(app)).toEqual(first)
        }
      }
      socket?.cut()
      await (served ? served.close() : app.close())
      expect(wrong.slice(0, 10)).toEqual([])
      if (me) expect(done).toBeGreaterThan(0)
    },
  )
})

afterAll(() => expect(cells).toBeGreaterThan(6_000))
