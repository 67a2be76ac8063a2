import type { Store } from './store.ts'

/**
 * Wraps a store so that listeners learn of a commit of this process before the writer is answered. A synchronous store does not
 * need it. An asynchronous one may report its own commits later. Until then, code that relies on such reports, such as the
 * check of sessions in auth/session/callers.ts, would not know what the writer already knows.
 */
export function tellOwnCommits(store: Store): Store {
  if (store.waits !== true) return store
  const listeners = new Set<() => void>()
  const told = async <T>(writing: Promise<T>): Promise<T> => {
    try {
      return await writing
    } finally {
      for (const listener of listeners) listener()
    }
  }
  const methods = new Map<PropertyKey, unknown>([
    ['write', (work: never) => told(store.write(work))],
    ['transaction', (work: never) => told(store.transaction(work))],
    ['onCommit', (listener: () => void) => follow(store, listeners, listener)],
  ])
  return new Proxy(store, {
    get(target, name) {
      const method = methods.get(name)
      if (method !== undefined) return method
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const bound = value.bind(target) as unknown
      methods.set(name, bound)
      return bound
    },
  })
}

function follow(store: Store, listeners: Set<() => void>, listener: () => void): () => void {
  const own = (): void => listener()
  listeners.add(own)
  const stop = store.onCommit(own)
  return () => {
    stop()
    listeners.delete(own)
  }
}
