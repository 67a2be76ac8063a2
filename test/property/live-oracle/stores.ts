import { memory, sqlite, type Store } from '../../../src/index.ts'
import { slow } from '../../../src/testing/slow-store.ts'

export type Kind = 'memory' | 'sqlite' | 'slow memory'
export const kinds: readonly Kind[] = ['memory', 'sqlite', 'slow memory']

/** A store that can hold back the news of commits. */
export interface Held {
  readonly store: Store
  hold(): void
  release(): void
}

export function held(kind: Kind): Held {
  const inner = kind === 'sqlite' ? sqlite(':memory:') : kind === 'memory' ? memory() : slow(memory())
  const listeners = new Set<() => void>()
  let isHeld = false
  let isPending = false
  const tell = (): void => {
    if (isHeld) isPending = true
    else for (const listener of listeners) listener()
  }
  let stop: (() => void) | null = null
  const store = over(inner, {
    onCommit: listener => {
      const own = (): void => listener()
      listeners.add(own)
      stop ??= inner.onCommit(tell)
      return () => {
        listeners.delete(own)
        if (listeners.size > 0) return
        stop?.()
        stop = null
      }
    },
  })
  return {
    store,
    hold: () => void (isHeld = true),
    release: () => {
      isHeld = false
      if (isPending) tell()
      isPending = false
    },
  }
}

/** An object with some of its methods replaced. */
function over<T extends object>(inner: T, methods: Partial<T>): T {
  return new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
