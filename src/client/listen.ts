/** Adds a listener; the same one may be added twice. Returns the function that removes it, which says whether it was there. */
export function listen<T>(listeners: Set<(now: T) => void>, listener: (now: T) => void): () => boolean {
  const heard = (now: T): void => listener(now)
  listeners.add(heard)
  return () => listeners.delete(heard)
}
