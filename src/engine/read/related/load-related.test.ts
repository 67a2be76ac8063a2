import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../../api.ts'
import { always } from '../../../model/rules/rule.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'
import { memory } from '../../../store/memory.ts'
import { chain } from '../../../store/work.ts'
import type { Snapshot, Store } from '../../../store/store.ts'
import { fillStore } from '../../../testing/fill.ts'

const list = resource({ id: t.id(), notes: t.back('note', 'list') }).public()
const note = resource({ id: t.id(), list: t.one('list', { inverse: 'notes' }), open: t.bool() }).rules((_, row) => ({
  read: row.open.is(true),
  create: always,
}))

/** The store, telling how many pairs and rows its reads gave. */
function weighed(inner: Store): { readonly store: Store; readonly given: () => number } {
  let given = 0
  const weigh = (snapshot: Snapshot): Snapshot =>
    new Proxy(snapshot, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          return chain(Reflect.apply(value, target, args), (found: unknown) => {
            if (name !== 'get' && Array.isArray(found)) given += found.length
            return found
          })
        }
      },
    })
  const read: Store['read'] = work => inner.read(snapshot => work(weigh(snapshot)))
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'read') return read
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { store, given: () => given }
}

test('ids that a rule guards are cut before they are loaded', async () => {
  const { store, given } = weighed(memory())
  const app = api({ list, note }, { store, limits: { relatedIds: 10 }, report: () => {}, http: { log: () => {} } })
  onTestFinished(() => app.close())
  await app.ready()
  const notes = Array.from({ length: 6_000 }, (_, i) => ({
    id: i + 1,
    list: 1 + (i % 2),
    open: i % 2 === 0 || i > 5_900,
  }))
  await fillStore(app, { list: [{ id: 1 }, { id: 2 }], note: notes })
  const ids = async (id: number): Promise<{ notes: number[]; link: string | null }> => {
    const answer = await app.fetch(new Request(`http://localhost/list/${id}`))
    return { notes: (await answer.json()).notes, link: answer.headers.get('link') }
  }
  const before = given()
  const first = await ids(1)
  expect(first.notes).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
  expect(first.link).toContain('rel="related"')
  // Eleven pairs, and the eleven rows that tell whether they are seen.
  expect(given() - before).toBe(22)
  // Where most are hidden, more are loaded until there are enough.
  const second = await ids(2)
  expect(second.notes).toEqual([5902, 5904, 5906, 5908, 5910, 5912, 5914, 5916, 5918, 5920])
})

test('a page that is shortened, as it shows many ids, does not load them again', async () => {
  const { store, given } = weighed(memory())
  const limits = { relatedIds: 10, expandedRows: 50 }
  const app = api({ list, note }, { store, limits, report: () => {}, http: { log: () => {} } })
  onTestFinished(() => app.close())
  await app.ready()
  await fillStore(app, {
    list: Array.from({ length: 50 }, (_, i) => ({ id: i + 1 })),
    note: Array.from({ length: 500 }, (_, i) => ({ id: i + 1, list: 1 + (i % 50), open: true })),
  })
  const before = given()
  const answer = await app.fetch(new Request('http://localhost/list?limit=50'))
  expect(((await answer.json()) as unknown[]).length).toBe(5)
  // The lists, then for each of their ids a pair and a row.
  expect(given() - before).toBe(50 + 2 * 500)
})
