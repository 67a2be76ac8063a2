import type { Value } from '../schema/field.ts'
import { isObject } from './prepare.ts'

/** The result of applying a merge patch to a value: members with null are removed, objects merge, all else replaces (RFC 7396 §2). */
export function mergePatch(target: Value, patch: Value): Value {
  if (!isObject(patch)) return patch
  const result: Record<string, Value> = isObject(target) ? { ...(target as Record<string, Value>) } : {}
  for (const [name, value] of Object.entries(patch as Record<string, Value>)) {
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name] ?? null, value)
  }
  return result
}
