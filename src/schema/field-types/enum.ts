import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'

/** One of the given texts. */
export function enumeration(values: readonly string[]): ScalarType {
  const known: readonly string[] = Object.freeze([...values])
  return defineType({
    name: 'enum',
    options: { values: known },
    check: value => {
      if (typeof value !== 'string') return new Refused('type', 'must be text')
      return known.includes(value) ? value : new Refused('enum', `must be one of ${known.join(', ')}`)
    },
    sql: { column: 'TEXT', kind: 'text' },
    schema: { type: 'string', enum: [...known] },
    example: known[0],
    faults: () => [
      ...(known.length === 0 ? [{ problem: 'has no values to choose from', fix: 'name them in t.enum([…])' }] : []),
      ...[...new Set(known.filter((value, i) => known.indexOf(value) !== i))].map(value => ({
        problem: `has the value "${value}" twice`,
        fix: 'name it once',
      })),
    ],
  })
}
