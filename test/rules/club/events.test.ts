// What everyone hears, on every face, of everything that happens to rows: what changes in what is seen, and nothing else.
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { memory, sqlite, type Store } from '../../../src/index.ts'
import { slow } from '../../../src/testing/slow-store.ts'
import { connect, faces, serveFaces, type Face, type Heard, type Speaker } from '../../speakers.ts'
import { sees, shown } from './oracle.ts'
import { callerOf, club, empty, first, names, reset, worldOf, type Me, type Name, type World } from './world.ts'

const people: Me[] = [null, ...[1, 2, 3, 4].map(callerOf)]
let cells = 0

/** Rows that everybody sees and whose changes end what is heard of a step. */
const MARK = 9
const marks: Record<Name, object> = {
  user: { name: 'mark', shown: true },
  group: { title: 'mark', open: true, owner: MARK },
  doc: { title: 'mark', secret: false, author: MARK },
  badge: { label: 'mark', shown: true },
}

const steps: [what: string, (app: any) => Promise<unknown>][] = [
  ...names.flatMap(name =>
    Object.keys(first[name]).map((id): [string, (app: any) => Promise<unknown>] => {
      const field = Object.keys(first[name][1])[0]!
      return [`${name} ${id} is renamed`, app => app.patch(name, Number(id), { [field]: 'other' })]
    }),
  ),
  ['a phone changes', app => app.patch('user', 1, { phone: '0' })],
  ['a hidden field changes with one that is shown', app => app.patch('user', 2, { pin: '1', name: 'bo' })],
  ['a user is hidden', app => app.patch('user', 2, { shown: false })],
  ['a user is shown', app => app.patch('user', 3, { shown: true })],
  ['a group is closed', app => app.patch('group', 1, { open: false })],
  ['a group is opened', app => app.patch('group', 2, { open: true })],
  ['a group gets another owner', app => app.patch('group', 2, { owner: 2 })],
  ['somebody joins a group', app => app.patch('group', 2, { members: [3] })],
  ['somebody leaves a group', app => app.patch('user', 1, { groups: [] })],
  ['a doc becomes secret', app => app.patch('doc', 1, { secret: true })],
  ['a doc becomes public', app => app.patch('doc', 2, { secret: false })],
  ['a doc gets another author', app => app.patch('doc', 2, { author: 1 })],
  ['a secret doc joins a group', app => app.patch('doc', 6, { group: 2 })],
  ['a secret doc leaves a group', app => app.patch('doc', 2, { group: null })],
  ['a doc joins a group that is hidden', app => app.patch('group', 4, { docs: [3, 5] })],
  ['a badge is given', app => app.patch('badge', 2, { holder: 2 })],
  ['a badge is taken from another', app => app.patch('user', 4, { badge: 1 })],
  ['a hidden badge is given', app => app.patch('badge', 3, { holder: 1 })],
  ['a badge is hidden', app => app.patch('badge', 1, { shown: false })],
  ['a secret doc is made', app => app.post('doc', { id: 50, title: 'x', secret: true, author: 2, group: 1 })],
  ['a public doc is made', app => app.post('doc', { id: 50, title: 'x', secret: false, author: 2, group: 3 })],
  ['a hidden group is made', app => app.post('group', { id: 50, title: 'x', owner: 3, members: [1] })],
  ['a secret doc is deleted', app => app.delete('doc', 5)],
  ['a public doc is deleted', app => app.delete('doc', 4)],
  ['a group is deleted', app => app.delete('group', 3)],
  ['a hidden group is deleted', app => app.delete('group', 4)],
]

/** The rows without the marks. */
async function unmarked(app: any): Promise<World> {
  const world = await worldOf(app)
  for (const name of names) delete world[name][MARK]
  return world
}

/** What a caller must hear of a list: rows that come, go or look different. */
function wanted(me: Me, name: Name, before: World, after: World): string[] {
  const ids = new Set([...Object.keys(before[name]), ...Object.keys(after[name])].map(Number))
  return [...ids].flatMap(id => {
    const [was, is] = [sees(before, me, name, id), sees(after, me, name, id)]
    if (was !== is) return [`${is ? 'enter' : 'leave'} ${id}`]
    const same = !is || JSON.stringify(shown(before, me, name, id)) === JSON.stringify(shown(after, me, name, id))
    return same ? [] : [`change ${id}`]
  })
}

const stores: [string, () => Store, readonly Face[]][] = [
  ['memory', memory, faces],
  ['a slow store', () => slow(memory()), ['native']],
  ['sqlite', () => sqlite(':memory:'), ['http']],
]

describe.each(stores)('over %s', (_, store, asked) => {
  test.each(people.map(me => [me ? String(first.user[me.id as number].name) : 'nobody', me] as const))(
    '%s hears what changes in what is seen',
    async (_name, me) => {
      const app: any = club(store())
      await app.ready()
      await reset(app, first, empty)
      for (const name of names) await app.post(name, { id: MARK, ...marks[name] })
      const { port, close } = await serveFaces(app)
      onTestFinished(close)
      const following: [face: string, name: Name, speaker: Speaker][] = []
      for (const face of asked)
        for (const name of names) {
          const speaker = await connect(face, port, me && String(me.id))
          onTestFinished(() => speaker.cut())
          await speaker.follow(name)
          following.push([face, name, speaker])
        }
      let marked = 0
      /** What each follower hears up to a mark. */
      const upToMark = async (): Promise<string[][]> => {
        marked++
        for (const name of names) await app.patch(name, MARK, { [Object.keys(marks[name])[0]!]: `mark ${marked}` })
        const all: string[][] = []
        for (const [, , speaker] of following) {
          const heard: string[] = []
          for (let event: Heard; (event = await speaker.next())[1] !== MARK;)
            heard.push(`${event[0]} ${String(event[1])}`)
          all.push(heard)
        }
        return all
      }
      /** The same with what is told in one step with the first mark, but after it. */
      const heardSince = async (): Promise<string[][]> => {
        const [before, after] = [await upToMark(), await upToMark()]
        return before.map((heard, i) => [...heard, ...after[i]!].toSorted())
      }
      const start = await unmarked(app)
      const wrong: unknown[] = []
      for (const [what, step] of steps) {
        await step(app)
        const now = await unmarked(app)
        for (const [i, heard] of (await heardSince()).entries()) {
          cells++
          const [face, name] = following[i]!
          const must = wanted(me, name, start, now).toSorted()
          if (heard.join() !== must.join()) wrong.push([what, face, name, heard, must])
        }
        await reset(app, start, now)
        await heardSince()
      }
      expect(wrong.slice(0, 10)).toEqual([])
    },
  )
})

afterAll(() => expect(cells).toBeGreaterThan(5_000))
