import { strangeInWords } from '../at-start.ts'
import { MigrationRefused } from '../migrations.ts'
import type { OtherTables } from '../shape.ts'
import type { MigrationStep } from '../step.ts'
import type { Target } from '../target.ts'

const UNTOUCHED =
  'was made by another program, and plans change the tables of this application alone. Change it there, and declare it as it is then'

/** What a plan cannot do, because tables are those of others. `places` have what somebody asked for by name. */
export function strangeFaults({ shape }: Target, others: OtherTables, places: readonly string[]): string[] {
  const declared = Object.entries(shape).flatMap(([table, { resource, columns }]) => {
    const there = others.get(table)
    if (there === undefined) return []
    // A table of another program may be a join table of ours, if it has its columns.
    const isJoin = resource === null && Object.keys(columns).every(column => there.has(column))
    return isJoin ? [] : [strangeInWords(table, resource !== null)]
  })
  const named = new Set(places.map(place => place.split('.')[0]!).filter(table => others.has(table)))
  return [...declared, ...[...named].map(table => `${table}: ${UNTOUCHED}`)]
}

/** @throws {MigrationRefused} if a step would change a table of another program, or take its name. */
export function refuseStrange(steps: readonly MigrationStep[], others: OtherTables): void {
  const strange = steps
    .flatMap(step => [step.table, ...(step.do === 'rename table' ? [step.to] : [])])
    .filter(table => others.has(table))
  if (strange.length > 0)
    throw new MigrationRefused(
      'Nothing was changed:',
      [...new Set(strange)].map(table => `${table}: ${UNTOUCHED}`),
    )
}
