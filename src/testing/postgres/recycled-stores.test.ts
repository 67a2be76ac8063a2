import { describe, expect, inject, test } from 'vitest'
import { runsWith } from '../../../test/system-programs.ts'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import type { Store } from '../../store/store.ts'
import { hasPostgres, startPostgres } from './postgres-server.ts'
import { recycledStores } from './recycled-stores.ts'

/** What an application sees of a store that it fills: what was there, its positions, its ids and its secret. */
async function filled(
  store: Store,
): Promise<{ readonly before: unknown; readonly after: unknown; readonly secret: string }> {
  const user = resource({ id: t.id(), name: t.text().unique() }).public()
  const todo = resource({ id: t.id(), owner: t.one('user'), tags: t.many('user') }).public()
  const app = api({ user, todo }, { store, report: () => {} })
  await app.ready()
  const state = async (): Promise<unknown> => ({
    position: await store.read(function* (snapshot) {
      yield* []
      return snapshot.position
    }),
    rows: [await app.list('user'), await app.list('todo')],
    reach: await store.oldestPosition(),
  })
  const before = await state()
  await app.post('user', { name: 'a' })
  await app.post('todo', { owner: 1, tags: [1] })
  const after = await state()
  const secret = Buffer.from(store.secret()!).toString('hex')
  await app.close()
  return { before, after, secret }
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('recycled stores', () => {
  test('begin as if nobody had used their tables before', async () => {
    const fresh = recycledStores(await startPostgres(inject('postgresFolder')))
    const first = await filled(fresh())
    const second = await filled(fresh())
    expect(first.before).toMatchObject({ position: 0, rows: [[], []] })
    expect({ ...second, secret: '' }).toEqual({ ...first, secret: '' })
    expect(second.secret).not.toBe(first.secret)
  })
})
