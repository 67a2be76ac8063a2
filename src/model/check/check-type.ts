import { isDeepStrictEqual } from 'node:util'
import { Refused } from '../../schema/read/refused.ts'
import type { ScalarType, StoredValue, TypeFault } from '../../schema/scalar-type.ts'
import type { Note } from '../link/faults.ts'

/**
 * Checks the options of a type. Then converts its example to the database and back, to see whether its functions agree. True if
 * values can be checked against the type.
 */
export function checkType(place: string, type: ScalarType, note: Note): boolean {
  const own = type.faults()
  const faults = own.length > 0 ? own : disagreements(type)
  for (const { problem, fix } of faults) note(place, problem, fix)
  return faults.length === 0
}

/** Finds contradictions between the functions of a type. Its values would change on the way to the database or back. */
function disagreements({ name, example, check, show, sql, operators }: ScalarType): TypeFault[] {
  if (example === undefined) return []
  const given = JSON.stringify(example)
  const read = check(example)
  if (read instanceof Refused)
    return [
      { problem: `has the example ${given}, which it refuses: ${read.detail}`, fix: `give ${name} another example` },
    ]
  if (!isDeepStrictEqual(read, example))
    return [{ problem: `reads its example ${given} as ${JSON.stringify(read)}`, fix: 'give the canonical value' }]
  if (typeof example === 'object' && !['none', 'null', 'list', 'json'].includes(operators))
    return [{ problem: `has values like ${given}, which cannot be compared`, fix: `give ${name} the operators 'null'` }]
  const stored = sql.encode(example)
  if (!fits(sql.column, stored))
    return [{ problem: `stores ${given} as ${typeof stored}`, fix: `encode what a column of ${sql.column} holds` }]
  const selected = sql.select === 'text' ? String(stored) : stored
  const decoded = sql.decode ? sql.decode(selected) : selected
  if (!isDeepStrictEqual(decoded, example))
    return [
      { problem: `does not decode ${given} as it encodes it`, fix: `make decode the inverse of encode in ${name}` },
    ]
  if (show && !isDeepStrictEqual(check(show(example)), example))
    return [{ problem: `does not read ${given} as it shows it`, fix: `make check take what show gives in ${name}` }]
  return []
}

function fits(column: ScalarType['sql']['column'], stored: StoredValue): boolean {
  switch (column) {
    case 'INTEGER':
      return typeof stored === 'bigint' || Number.isSafeInteger(stored)
    case 'REAL':
      return typeof stored === 'number'
    case 'TEXT':
      return typeof stored === 'string'
    case 'BLOB':
      return stored instanceof Uint8Array
  }
}
