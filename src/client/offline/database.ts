/** A database in the browser, which is opened when it is used. */
export type Database = <T>(name: 'writes' | 'rows', work: (store: IDBObjectStore) => IDBRequest<T>) => Promise<T>

/** The same work, whose failure is left to whoever waits for it elsewhere. A page without IndexedDB works, but keeps nothing. */
export const quietly = <T>(work: Promise<T>): Promise<T | undefined> => work.catch(() => undefined)

/** Keeps writes by their idempotency keys, and rows by the query that shows them. */
export function database(name: string): Database {
  let opened: Promise<IDBDatabase> | undefined
  return async (store, work) => {
    opened ??= open(name)
    return resultOf(work((await opened).transaction(store, 'readwrite').objectStore(store)))
  }
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 3)
  request.addEventListener('upgradeneeded', () => {
    const { result } = request
    for (const former of result.objectStoreNames) result.deleteObjectStore(former)
    for (const store of ['writes', 'rows']) result.createObjectStore(store)
  })
  return resultOf(request)
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error as Error))
  })
}
