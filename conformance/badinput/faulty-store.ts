import { ApiError } from '../../src/protocol/error.ts'
import type { Store } from '../../src/store/store.ts'

/** What a driver says of a machine that is gone: a client must hear nothing of it. */
const cause = new Error('SQLITE_IOERR: disk I/O error on db-7.internal:/var/lib/todos.db: SELECT * FROM "todo"')

/** A store that works until it is told that its database is gone. */
export function faultyStore(store: Store): { readonly store: Store; readonly fail: () => void } {
  let isGone = false
  const failing: ReadonlySet<string | symbol> = new Set(['read', 'write', 'transaction'])
  const refuse = (): never => {
    throw new ApiError('unavailable', { cause })
  }
  const faulty = new Proxy(store, {
    get(target, name) {
      if (isGone && failing.has(name)) return refuse
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
  return { store: faulty, fail: () => void (isGone = true) }
}
