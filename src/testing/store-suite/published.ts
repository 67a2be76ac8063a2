import { expect, test } from 'vitest'
import type { Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import { created, get, put, user } from './world.ts'

const publish = (store: Store, uri: string, body: string | null): Promise<number> =>
  store.write(function* (tx) {
    return yield* wait(tx.publish(uri, body === null ? 'delete' : 'patch', body))
  })

export function publishedTests(make: MakeStore): void {
  test('what is published takes its place among the changes of its unit', async () => {
    const { store } = await opened(make)
    await put(store, created(user, { id: 1, email: 'a' }))
    await store.write(function* (tx) {
      const before = tx.position
      expect(yield* wait(tx.publish('/lamps/', 'create', '{"id":1}'))).toBe(before + 1)
      yield* wait(tx.apply([created(user, { id: 2, email: 'b' })], []))
      expect(yield* wait(tx.publish('/lamps/1', 'patch', '{"on":true}'))).toBe(before + 3)
      expect(tx.position).toBe(before + 3)
    })
    await publish(store, '/lamps/1', null)
    const commits = (await store.commits(0, 100))!
    const start = commits[0]!.position
    expect(commits.map(({ position }) => position - start)).toEqual([0, 3, 4])
    expect(commits.map(({ changes }) => changes.map(({ seq }) => seq - start))).toEqual([[0], [2], []])
    expect(commits.flatMap(({ published }) => published.map(one => ({ ...one, seq: one.seq - start })))).toEqual([
      { seq: 1, uri: '/lamps/', op: 'create', body: '{"id":1}' },
      { seq: 3, uri: '/lamps/1', op: 'patch', body: '{"on":true}' },
      { seq: 4, uri: '/lamps/1', op: 'delete', body: null },
    ])
  })

  test('a unit that fails publishes nothing, and its neighbours publish what they do', async () => {
    const { store } = await opened(make)
    const failed = store.write(function* (tx) {
      yield* wait(tx.publish('/lamps/1', 'patch', '{}'))
      throw new Error('no')
    })
    const twice = store.write(function* (tx) {
      yield* wait(tx.apply([created(user, { id: 1, email: 'a' }), created(user, { id: 2, email: 'b' })], []))
      yield* wait(tx.publish('/lamps/2', 'patch', '{"n":1}'))
    })
    await Promise.all([expect(failed).rejects.toThrow('no'), twice, publish(store, '/lamps/3', '{"n":2}')])
    const commits = (await store.commits(0, 100))!
    expect(commits.flatMap(({ published }) => published.map(({ uri }) => uri))).toEqual(['/lamps/2', '/lamps/3'])
    const seqs = commits.flatMap(({ changes, published }) => [...changes, ...published].map(({ seq }) => seq))
    expect(seqs).toEqual([1, 2, 3, 4].map(n => n + seqs[0]! - 1))
    expect((await get(store, user, 1))?.[3]).toBe('a')
  })

  test('application code publishes within its transaction, or not at all', async () => {
    const { store } = await opened(make)
    await store.transaction(async tx => {
      await tx.publish('/lamps/1', 'patch', '{}')
      await tx.apply([created(user, { id: 1, email: 'a' })], [])
    })
    const undone = store.transaction(async tx => {
      await tx.publish('/lamps/2', 'patch', '{}')
      throw new Error('no')
    })
    await expect(undone).rejects.toThrow('no')
    const [commit, ...more] = (await store.commits(0, 100))!
    expect(more).toEqual([])
    expect([commit!.published.length, commit!.changes.length]).toEqual([1, 1])
    expect(commit!.position).toBe(commit!.changes[0]!.seq)
  })
}
