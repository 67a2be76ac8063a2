import type { Tokens, TokenStore } from './session.ts'

/** Tokens in localStorage. */
export interface LocalTokens extends TokenStore {
  /** null = nobody is logged in. */
  get(): Tokens | null
  set(tokens: Tokens | null): void
}

/**
 * Keeps tokens in localStorage: a reload does not log out, and all tabs of a browser have the same user. When somebody logs in or
 * out in one of them, the others follow at once. Where there is no localStorage, as in workers, tokens are kept in memory.
 *
 * @param name The key in localStorage. Default: `restuary`.
 *
 * @example
 * import { localTokens } from 'restuary/client/tokens'
 * const api = client<App>('https://todo.example', { tokens: localTokens() })
 */
export function localTokens(name: string = 'restuary'): LocalTokens {
  const kept = new Map<string, string>()
  const storage = storageOf()
  return {
    get: () => JSON.parse((storage ? storage.getItem(name) : kept.get(name)) ?? 'null') as Tokens | null,
    set(tokens) {
      const text = JSON.stringify(tokens)
      if (storage) storage.setItem(name, text)
      else kept.set(name, text)
    },
    watch(changed) {
      // Only other tabs get the event. Without a key, everything was cleared.
      const heard = ({ key }: StorageEvent): void => {
        if (key === name || key === null) changed()
      }
      globalThis.addEventListener?.('storage', heard)
      return () => globalThis.removeEventListener?.('storage', heard)
    },
  }
}

/** null = there is none, or the page may not keep anything. */
function storageOf(): Storage | null {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}
