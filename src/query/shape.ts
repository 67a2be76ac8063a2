import type { Limits } from '../protocol/limits.ts'
import { note, type Faults, type Locate } from './faults.ts'
import { compareText } from '../schema/compare.ts'
import type { Scope, ScopeField } from './scope.ts'

/** What reading a word of a query needs to know, and where it notes what is wrong. */
export interface WordReading {
  /** The fields that the word may name. */
  readonly scope: Scope
  readonly limits: Pick<Limits, 'depth' | 'sort' | 'filterDepth'>
  readonly faults: Faults
  /** The place of the word, for faults. */
  readonly where: Locate
}

/** Reads `include`: dotted paths of relations in canonical order. None may be longer than the largest depth. */
export function parseInclude(reading: WordReading, paths: readonly unknown[]): readonly string[] {
  const { limits, faults, where } = reading
  for (const path of paths) {
    const last = lastOf(reading, path)
    if (!last) continue
    if (!last.target) note(faults, 'type', where, `${String(path)} is not a relation`)
    else if ((path as string).split('.').length > limits.depth) {
      note(faults, 'range', where, `A path may have at most ${limits.depth} relations`)
    }
  }
  return canonical(paths)
}

/** Reads `fields`: dotted paths of fields in canonical order. The relations before a dot are expanded. */
export function parseFields(reading: WordReading, paths: readonly unknown[]): readonly string[] {
  const { limits, faults, where } = reading
  for (const path of paths) {
    if (lastOf(reading, path) && (path as string).split('.').length > limits.depth + 1) {
      note(faults, 'range', where, `A path may have at most ${limits.depth} relations`)
    }
  }
  return canonical(paths)
}

/** The field at the end of a path. null = there is none that the caller may see, which is noted. */
function lastOf({ scope, faults, where }: WordReading, path: unknown): ScopeField | null {
  if (typeof path !== 'string') {
    note(faults, 'type', where, 'A path is text')
    return null
  }
  let at: Scope | null = scope
  let field: ScopeField | undefined
  for (const key of path.split('.')) {
    field = at?.field.get(key)
    if (!field || field.hidden) {
      note(faults, 'unknown_field', where, `There is no field ${path}`)
      return null
    }
    at = field.target
  }
  return field ?? null
}

function canonical(paths: readonly unknown[]): readonly string[] {
  return Object.freeze([...new Set(paths.filter(path => typeof path === 'string'))].toSorted(compareText))
}
