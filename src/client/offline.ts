import type { KeptWrite, Outbox } from './writes.ts'

/**
 * Keeps unanswered writes in IndexedDB: they survive a reload, and are sent in their order when there is a connection again.
 * Their idempotency keys make sure that each happens once.
 *
 * @example
 * import { indexedDbOutbox } from 'restuary/client/offline'
 * const api = client<App>('https://todo.example', { outbox: indexedDbOutbox() })
 */
export function indexedDbOutbox(name: string = 'restuary'): Outbox {
  let opened: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    const request = indexedDB.open(name, 1)
    request.addEventListener('upgradeneeded', () => {
      const store = request.result.createObjectStore('writes', { autoIncrement: true })
      store.createIndex('key', 'call.key')
    })
    return resultOf(request)
  }
  const within = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    opened ??= open()
    return resultOf(work((await opened).transaction('writes', mode).objectStore('writes')))
  }
  return {
    all: () => within('readonly', store => store.getAll() as IDBRequest<KeptWrite[]>),
    async put(write) {
      await within('readwrite', store => store.add(write))
    },
    async drop(key) {
      const at = await within('readonly', store => store.index('key').getKey(key))
      if (at !== undefined) await within('readwrite', store => store.delete(at))
    },
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB cannot be used')))
  })
}
