import { expect, test } from 'vitest'
import { link } from '../../model/link/link.ts'
import type { Model, Resource } from '../../model/model.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { created, testEnvironment, get, put, valuesOf } from '../../testing/store-suite/world.ts'
import { memory } from '../memory.ts'
import type { Store } from '../store.ts'
import { wait } from '../work.ts'

const of = (model: Model): Resource => model.resources.get('thing')!

const first = link({
  thing: resource({ id: t.id(), a: t.text(), b: t.text().nullable(), c: t.text().nullable() }),
})

async function filled(): Promise<Store> {
  const store = memory()
  await store.open(first, testEnvironment({ now: 1 }))
  await put(store, created(of(first), { id: 7, a: 'x', b: 'y' }))
  return store
}

test('another model finds the rows by the names of tables and columns', async () => {
  const store = await filled()
  const second = link({
    thing: resource({
      id: t.id(),
      added: t.integer().default(5),
      renamed: t.text().nullable().column('b'),
      a: t.text(),
    }),
    other: resource({ id: t.id() }),
  })
  await store.open(second, testEnvironment({ now: 1 }))
  expect(valuesOf(of(second), (await get(store, of(second), 7))!)).toEqual({ id: 7, added: 5, renamed: 'y', a: 'x' })
  expect(await store.write(tx => wait(tx.nextId(of(second))))).toBe(8)
  expect((await get(store, of(second), 7))![1]).toBe(1)
})

test('a change that would lose data, or needs a missing value, is refused with all faults', async () => {
  const store = await filled()
  const lossy = link({ thing: resource({ id: t.id(), needed: t.text(), a: t.text() }) })
  const opening = async (model: Model): Promise<void> => store.open(model, testEnvironment({ now: 1 }))
  await expect(opening(lossy)).rejects.toThrow(/thing\.needed: .*\n?.*thing\.b: /s)
  await expect(opening(link({ other: resource({ id: t.id() }) }))).rejects.toThrow(/thing: /)
  expect((await get(store, of(first), 7))![4]).toBe('y')
})
