import { entriesOf, layered, layers, lookUp, type Layers } from './layers.ts'
import type { ExpiringText, MemoryState } from './state.ts'

/** The most texts that are kept. Above it, those that expire first are dropped. A database has no such limit. */
const MOST = 100_000

/** The text that was kept under a key; undefined if there is none, or if its time is over. */
export function recalled(state: MemoryState, key: string, now: number): string | undefined {
  const found = lookUp(state.kept, key)
  return found !== undefined && found.until > now ? found.text : undefined
}

/** Adds a text under a key. */
export function keeping(state: MemoryState, key: string, kept: ExpiringText, now: number): MemoryState {
  const after = layered(state.kept, new Map([[key, kept]]))
  // Expired texts are removed when the map makes a new base anyway, since all entries are visited then.
  return { ...state, kept: after.over.size > 0 ? after : swept(after, now) }
}

function swept(kept: Layers<string, ExpiringText>, now: number): Layers<string, ExpiringText> {
  let entries = entriesOf(kept).filter(([, { until }]) => until > now)
  if (entries.length > MOST) entries = entries.toSorted(([, a], [, b]) => b.until - a.until).slice(0, MOST)
  return layers(entries)
}

/** The texts as a member of the JSON file. */
export function keptDocument({ kept }: MemoryState): readonly unknown[] {
  return entriesOf(kept).map(([key, { until, text }]) => ({ key, until, text }))
}

/** Reads the texts from the JSON file. Anything malformed is ignored. */
export function keptFrom(document: unknown): Layers<string, ExpiringText> {
  const entries: [string, ExpiringText][] = []
  for (const { key, until, text } of Array.isArray(document) ? (document as Partial<Record<string, unknown>>[]) : [])
    if (typeof key === 'string' && typeof until === 'number' && typeof text === 'string')
      entries.push([key, { until, text }])
  return layers(entries)
}
