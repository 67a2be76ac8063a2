import { afterEach, expect, test, vi } from 'vitest'
import { localTokens } from './tokens.ts'

afterEach(() => void vi.unstubAllGlobals())

const tokens = { access_token: 'a', refresh_token: 'b' }

test('tokens are in localStorage, under their name', () => {
  const kept = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
  })
  const store = localTokens('mine')
  expect(store.get()).toBeNull()
  store.set(tokens)
  expect([store.get(), localTokens('mine').get(), localTokens().get()]).toEqual([tokens, tokens, null])
  store.set(null)
  expect(store.get()).toBeNull()
})

test('tokens are in memory where there is no localStorage, or it must not be used', () => {
  vi.stubGlobal('localStorage', undefined)
  const store = localTokens()
  store.set(tokens)
  expect([store.get(), localTokens().get()]).toEqual([tokens, null])
})

test('changes in another tab are told', () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  let told = 0
  const stop = localTokens('mine').watch!(() => told++)
  const say = (key: string | null): boolean => page.dispatchEvent(Object.assign(new Event('storage'), { key }))
  say('mine')
  say('other')
  say(null)
  expect(told).toBe(2)
  stop()
  say('mine')
  expect(told).toBe(2)
})
