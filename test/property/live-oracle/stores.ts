import { memory, sqlite, type Store } from '../../../src/index.ts'
import { chain, type Maybe, type Work } from '../../../src/store/work.ts'
import type { Snapshot, Transaction } from '../../../src/store/store.ts'

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

/** A store that answers with promises, as one over a network does. */
function slow(inner: Store): Store {
  const within =
    <T>(work: (snapshot: Snapshot) => Work<T>) =>
    (snapshot: Snapshot): Work<T> =>
      work(late(snapshot))
  return over(inner, {
    read: work => later(inner.read(within(work))),
    write: work => inner.write(tx => work(late(tx))),
    transaction: work => inner.transaction(tx => work(late(tx))),
    commits: (after, limit) => later(inner.commits(after, limit)),
    reach: () => later(inner.reach()),
    history: (resource, id, before, limit) => later(inner.history(resource, id, before, limit)),
  })
}

const quick = new Set<string | symbol>(['changed', 'reserve'])

function late<T extends Snapshot | Transaction>(inner: T): T {
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const method = value.bind(target) as (...given: unknown[]) => unknown
      return quick.has(name) ? method : (...given: unknown[]) => later(method(...given))
    },
  })
}

let turns = 0

/** A promise of the value; every fourth takes a turn of the event loop. */
function later<T>(value: Maybe<T>): Promise<T> {
  const isLater = ++turns % 4 === 0
  return Promise.resolve(
    chain(value, it => (isLater ? new Promise<T>(resolve => setImmediate(resolve, it)) : it)) as Maybe<T>,
  )
}
