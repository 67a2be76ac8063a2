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
  return new Proxy(store, {
    get(target, name) {
      if (name === 'write') return (work: never) => told(target.write(work))
      if (name === 'transaction') return (work: never) => told(target.transaction(work))
      if (name === 'onCommit') return (listener: () => void) => follow(target, listeners, listener)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
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
