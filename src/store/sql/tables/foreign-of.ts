import { isComposed } from '../../../model/key-text.ts'
import type { ForeignTable } from '../../../model/declare/declaration.ts'
import type { ColumnInfo, TableInfo } from './catalog.ts'

/** What a declaration says of a table that is there already. */
export function foreignOf({ kind, key, composed, derived, columns, postgres }: TableInfo): ForeignTable {
  const namesOf = (word: string, test: (column: ColumnInfo) => boolean): object => {
    const names = columns.filter(test).map(column => column.name)
    return names.length > 0 ? { [word]: names } : {}
  }
  return {
    view: kind === 'view',
    key,
    ...(composed === true ? { composed } : {}),
    ...(derived === true ? { derived } : {}),
    ...(postgres && { postgres }),
    ...namesOf('generated', column => column.generated),
    ...namesOf('defaults', ({ default: preset }) => preset !== null && 'sql' in preset),
    ...namesOf('mixed', column => column.mixed),
    ...(isComposed({ key, composed }) ? namesOf('untyped', ({ name, untyped }) => untyped && key.includes(name)) : {}),
  }
}
