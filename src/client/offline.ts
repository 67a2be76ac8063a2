import type { Call } from './call.ts'
import type { Layer, LayerParts } from './layer.ts'
import type { Problem } from './problem.ts'

/**
 * Keeps unanswered writes in IndexedDB: they survive a reload, and are sent in their order when there is a connection again.
 * Their idempotency keys make sure that each happens once.
 *
 * @example
 * import { indexedDb } from 'restuary/client/offline'
 * const api = client<App>('https://todo.example', { offline: indexedDb() })
 */
export function indexedDb(name: string = 'restuary'): (parts: LayerParts) => Layer {
  let opened: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    const request = indexedDB.open(name, 1)
    request.addEventListener('upgradeneeded', () => {
      const store = request.result.createObjectStore('writes', { autoIncrement: true })
      store.createIndex('key', 'key')
    })
    return resultOf(request)
  }
  const within = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    opened ??= open()
    return resultOf(work((await opened).transaction('writes', mode).objectStore('writes')))
  }
  const drop = async (key: string): Promise<void> => {
    const at = await within('readonly', store => store.index('key').getKey(key))
    if (at !== undefined) await within('readwrite', store => store.delete(at))
  }
  return ({ send, follow, repeat }) => {
    const kept = new Set<string>()
    const begun = within('readonly', store => store.getAll() as IDBRequest<Call[]>).then(writes => {
      for (const call of writes) {
        kept.add(call.key!)
        // Nobody waits for the answers, but whoever looks sees what came of the writes.
        void repeat(call).catch(() => {})
      }
    })
    return {
      async send(call) {
        const { key, shown } = call
        if (!key || !shown) return send(call)
        try {
          if (!kept.has(key)) {
            await begun
            // A signal cannot be kept.
            await within('readwrite', store => store.add({ ...call, signal: undefined }))
          }
          const answer = await send(call)
          void drop(key).catch(() => {})
          return answer
        } catch (problem) {
          // A write that was not refused is sent after the next reload.
          if (!['closed', 'offline'].includes((problem as Problem).code)) void drop(key).catch(() => {})
          throw problem
        }
      },
      follow,
    }
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB cannot be used')))
  })
}
