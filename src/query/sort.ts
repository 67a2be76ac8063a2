import { note } from './faults.ts'
import type { SortKey } from './predicate.ts'
import type { Scope, ScopeField } from './scope.ts'
import type { WordReading } from './shape.ts'

/**
 * Reads sort keys such as `-createdAt` and `album.artist.name`: `-` means descending, and a dot follows a to-one relation. A
 * repeated path has no effect and is dropped.
 */
export function parseSort(reading: WordReading, keys: readonly unknown[]): SortKey[] {
  const { limits, faults, where } = reading
  const sort: SortKey[] = []
  if (keys.length > limits.sort) note(faults, 'length', where, `At most ${limits.sort} sort keys`)
  for (const key of keys.slice(0, limits.sort)) {
    if (typeof key !== 'string') {
      note(faults, 'type', where, 'A sort key is text')
      continue
    }
    const descending = key.startsWith('-')
    const name = descending ? key.slice(1) : key
    const path = name.split('.')
    if (!isSortable(reading, path)) continue
    if (sort.some(known => known.path.join('.') === name)) continue
    sort.push(Object.freeze({ path: Object.freeze(path), descending }))
  }
  return sort
}

/** The sort keys in a URL: `-createdAt,name`, or a JSON array of them. */
export function sortKeysOf(text: string): readonly unknown[] {
  if (!text.startsWith('[')) return text.split(',')
  try {
    return JSON.parse(text) as readonly unknown[]
  } catch {
    return text.split(',')
  }
}

function isSortable({ scope, limits, faults, where }: WordReading, path: readonly string[]): boolean {
  const name = path.join('.')
  let at: Scope | null = scope
  for (const [i, key] of path.entries()) {
    const field: ScopeField | undefined = at?.field.get(key)
    if (!field || field.hidden || i > limits.filterDepth) {
      note(faults, 'unknown_field', where, `There is no field ${name}`)
      return false
    }
    const last = i === path.length - 1
    if (last ? !field.sortable : field.toMany || !field.filterable) {
      note(faults, 'forbidden_field', where, `${name} cannot be sorted by`)
      return false
    }
    at = field.target
  }
  return true
}
