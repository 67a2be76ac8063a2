import type { Limits } from '../protocol/limits.ts'
import { note, type Faults, type Locate } from './faults.ts'
import { compareText } from '../schema/compare.ts'
import type { Scope, ScopeField } from './scope.ts'

/** Reads `include`: dotted paths of relations in canonical order. None may be longer than the largest depth. */
export function parseInclude(
  scope: Scope,
  paths: readonly unknown[],
  limits: Pick<Limits, 'depth' | 'items'>,
  faults: Faults,
  where: Locate,
): readonly string[] {
  for (const path of paths) {
    const last = lastOf(scope, path, faults, where)
    if (!last) continue
    if (!last.target) note(faults, 'type', where, `${String(path)} is not a relation`)
    else if ((path as string).split('.').length > limits.depth) {
      note(faults, 'range', where, `A path may have at most ${limits.depth} relations`)
    }
  }
  return canonical(paths)
}

/** Reads `fields`: dotted paths of fields in canonical order. The relations before a dot are expanded. */
export function parseFields(
  scope: Scope,
  paths: readonly unknown[],
  limits: Pick<Limits, 'depth'>,
  faults: Faults,
  where: Locate,
): readonly string[] {
  for (const path of paths) {
    if (lastOf(scope, path, faults, where) && (path as string).split('.').length > limits.depth + 1) {
      note(faults, 'range', where, `A path may have at most ${limits.depth} relations`)
    }
  }
  return canonical(paths)
}

/** The field at the end of a path. null = there is none that the caller may see, which is noted. */
function lastOf(scope: Scope, path: unknown, faults: Faults, where: Locate): ScopeField | null {
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
