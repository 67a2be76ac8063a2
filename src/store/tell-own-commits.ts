import type { Store } from './store.ts'

/**
 * The store, telling of a commit of this process before whoever wrote it is answered. A store that answers at once does not
 * need it. One that has to be waited for may hear of its own commits later, and whoever trusts what it knew until it hears of
 * a commit (a session that still holds, auth/session/callers.ts) would for that moment not know what its caller knows already.
 */
export function prompt(store: Store): Store {
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
