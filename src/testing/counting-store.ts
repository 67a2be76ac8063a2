import type { Snapshot, Store } from '../store/store.ts'

/** The store, counting how often its snapshots are asked in one of these ways. */
export function counting(inner: Store, ways: readonly (keyof Snapshot)[]): { store: Store; reads: () => number } {
  let reads = 0
  const watched = (snapshot: Snapshot): Snapshot =>
    new Proxy(snapshot, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if ((ways as readonly (string | symbol)[]).includes(name)) reads++
          return Reflect.apply(value, target, args) as unknown
        }
      },
    })
  const store = new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'read')
        return (work: (snapshot: Snapshot) => never) => target.read(snapshot => work(watched(snapshot)))
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { store, reads: () => reads }
}
