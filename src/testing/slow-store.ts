import type { Snapshot, Store, Transaction } from '../store/store.ts'
import type { Work } from '../store/work.ts'

/** These members of snapshots and transactions answer at once in every store. */
const AT_ONCE: ReadonlySet<string | symbol> = new Set<keyof Transaction>(['changed', 'reserve'])

export interface Slowness {
  /** Turns of the event loop that a call takes to arrive. Default 1. */
  readonly there?: number
  /** Turns that its answer takes to come back. Default 1. */
  readonly back?: number
}

/**
 * A store as if it were behind a network: every call arrives one turn of the event loop later, and so does its answer. Code
 * that works with `slow(memory())` does not depend on a synchronous store.
 */
export function slow(inner: Store, { there = 1, back = 1 }: Slowness = {}): Store {
  const later = async <T>(call: () => T | Promise<T>): Promise<T> => {
    await turns(there)
    try {
      return await call()
    } finally {
      await turns(back)
    }
  }
  const slowSnapshot = <S extends Snapshot>(snapshot: S): S => slowed(snapshot, later)
  return {
    get name() {
      return inner.name
    },
    get file() {
      return inner.file
    },
    get isReadOnly() {
      return inner.isReadOnly ?? false
    },
    waits: true,
    get hasNodes() {
      return inner.hasNodes ?? false
    },
    get impaired() {
      return inner.impaired ?? null
    },
    shared: {
      update: (key, step) => later(() => inner.shared.update(key, step)),
      list: (prefix, most) => later(() => inner.shared.list(prefix, most)),
      close: () => inner.shared.close(),
    },
    get skew() {
      return inner.skew ?? 0
    },
    secret: () => inner.secret(),
    get terms() {
      return inner.terms
    },
    open: (model, environment) => later(() => inner.open(model, environment)),
    read: <T>(work: (snapshot: Snapshot) => Work<T>) =>
      later<T>(() => inner.read(snapshot => work(slowSnapshot(snapshot)))),
    write: <T>(work: (tx: Transaction) => Work<T>) => later<T>(() => inner.write(tx => work(slowSnapshot(tx)))),
    transaction: <T>(work: (tx: Transaction) => Promise<T>) =>
      later<T>(() => inner.transaction(tx => work(slowSnapshot(tx)))),
    onCommit: listener => inner.onCommit(listener),
    commits: (after, limit) => later(() => inner.commits(after, limit)),
    ...(inner.fleeting && { fleeting: after => inner.fleeting!(after) }),
    oldestPosition: () => later(() => inner.oldestPosition()),
    history: (resource, id, before, limit) => later(() => inner.history(resource, id, before, limit)),
    load: (resource, rows) => later(() => inner.load(resource, rows)),
    loadPairs: (join, pairs) => later(() => inner.loadPairs(join, pairs)),
    ...(inner.backup && { backup: file => later(() => inner.backup!(file)) }),
    close: () => later(() => inner.close()),
  }
}

function slowed<S extends Snapshot>(inner: S, later: (call: () => unknown) => Promise<unknown>): S {
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args)
      return AT_ONCE.has(name) ? call : (...args: unknown[]) => later(() => call(...args))
    },
  })
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => void setImmediate(resolve))
}
