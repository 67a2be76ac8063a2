// The adapters for React and TanStack, with the real libraries, against the server.
import { createCollection } from '@tanstack/db'
import { QueryClient, QueryObserver } from '@tanstack/query-core'
import { effect, effectScope, onScopeDispose, shallowRef } from '@vue/reactivity'
import { createElement, Suspense } from 'react'
import { renderToReadableStream } from 'react-dom/server'
import { derived } from 'svelte/store'
import { expect, onTestFinished, test } from 'vitest'
import type { Served } from '../../src/client/index.ts'
import { useLive, useMutation, useQuery, useStatus } from '../../src/client/adapters/react.ts'
import { liveCollection } from '../../src/client/adapters/tanstack-db.ts'
import { liveOptions } from '../../src/client/adapters/tanstack-query.ts'
import { api, resource, t } from '../../src/index.ts'
import { clientAt, cut, urlOf } from './served.ts'

const todo = resource({
  id: t.id('uuid', { client: true }),
  text: t.text({ min: 1 }),
  done: t.bool().default(false),
  rank: t.integer().default(0),
}).public()
const declare = () => api({ todo })
interface App extends Served<ReturnType<typeof declare>> {}

const open = async () => {
  const app = declare()
  return { app, c: clientAt<App>(await urlOf(app)) }
}

test('a page that is rendered on the server waits for its rows', async () => {
  const { app, c } = await open()
  await app.post('todo', { text: 'pack' })
  const Todos = () => {
    const { rows, status } = useLive(c.todo.live({ sort: 'text' }))
    const { connection, pending } = useStatus(c)
    const { isPending } = useQuery(() => c.todo.list(), [])
    const { problem } = useMutation((text: string) => c.todo.create({ text }))
    const text = [status, connection, pending, isPending, problem === null, ...rows.map(row => row.text)].join(' ')
    return createElement('p', null, text)
  }
  const page = await renderToReadableStream(createElement(Suspense, { fallback: '…' }, createElement(Todos)))
  await page.allReady
  expect(await new Response(page).text()).toContain('live open 0 true true pack')
})

test('a collection of TanStack DB follows the server, and shows its own writes until it is told of them', async () => {
  const { app, c } = await open()
  const todos = createCollection(liveCollection(c.todo, { filter: { done: false } }) as never) as any
  const seen: number[] = []
  todos.subscribeChanges((changes: any[]) => seen.push(...changes.flatMap(change => change.value?.rank ?? [])))
  await todos.preload()
  const id = crypto.randomUUID()
  const made = todos.insert({ id, text: 'a', done: false, rank: 0 })
  expect(todos.has(id)).toBe(true)
  await made.isPersisted.promise
  for (let rank = 1; rank <= 20; rank++) {
    const change = todos.update(id, (row: any) => void (row.rank = rank))
    if (rank % 5 === 0) await app.patch('todo', id, { text: `${rank}` })
    if (rank === 10) cut(c)
    if (rank % 7 === 0) await change.isPersisted.promise
  }
  await todos.update(id, (row: any) => void (row.rank = 21)).isPersisted.promise
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(todos.toArray.map(({ id: key, text, done, rank }: any) => ({ id: key, text, done, rank }))).toEqual(
    await app.list('todo'),
  )
  const refused = todos.update(id, (row: any) => void (row.text = ''))
  await expect(refused.isPersisted.promise).rejects.toMatchObject({ code: 'validation' })
  expect(todos.get(id).text).toBe('20')
  await todos.delete(id).isPersisted.promise
  expect([todos.size, await app.list('todo')]).toEqual([0, []])
})

test('a query of TanStack Query follows the server', async () => {
  const { app, c } = await open()
  await app.post('todo', { text: 'a' })
  const cache = new QueryClient()
  onTestFinished(() => cache.clear())
  const observer = new QueryObserver(cache, liveOptions(cache, ['todo'], c.todo.live({ sort: 'text' })))
  const until = (count: number): Promise<void> =>
    new Promise(resolve => {
      const stop = observer.subscribe(({ data }) => {
        if (data?.length !== count) return
        resolve()
        queueMicrotask(() => stop())
      })
    })
  const first = until(1)
  await first
  const second = until(2)
  await app.post('todo', { text: 'b' })
  await second
  expect(observer.getCurrentResult().data).toEqual(await app.list('todo', { sort: 'text' }))
})

// What the guide says about Svelte and Vue, with their own reactivity.
test('a live query is a store of Svelte', async () => {
  const { app, c } = await open()
  const live = c.todo.live({ sort: 'text' })
  const store = { subscribe: (run: (state: typeof live.state) => void) => (run(live.state), live.subscribe(run)) }
  const seen: string[] = []
  const stop = derived(store, ({ rows, status }) => `${status} ${rows.map(row => row.text).join()}`).subscribe(text =>
    seen.push(text),
  )
  await live.ready
  await c.todo.create({ text: 'a' })
  await app.create('todo', { text: 'b' })
  await expect.poll(() => seen.at(-1)).toBe('live a,b')
  stop()
  expect([seen[0], seen[1]]).toEqual(['loading ', 'live '])
})

test('a live query is a ref of Vue', async () => {
  const { app, c } = await open()
  const scope = effectScope()
  const useLive = <S>(live: { readonly state: S; subscribe(changed: (state: S) => void): () => void }) => {
    const state = shallowRef(live.state)
    onScopeDispose(live.subscribe(now => (state.value = now)))
    return state
  }
  const seen: string[] = []
  scope.run(() => {
    const todos = useLive(c.todo.live({ sort: 'text' }))
    effect(() => seen.push(todos.value.rows.map(row => row.text).join()))
  })
  await app.create('todo', { text: 'a' })
  await expect.poll(() => seen.at(-1)).toBe('a')
  scope.stop()
  await c.todo.create({ text: 'b' })
  expect(seen.at(-1)).toBe('a')
})
