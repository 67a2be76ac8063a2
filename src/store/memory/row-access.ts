import { ID, type Field, type Id, type OneField, type Row } from '../../model/model.ts'
import type { RowAccess } from '../../query/evaluate.ts'
import { Meter } from '../meter.ts'
import { othersIn, rowIn, rowsOf, rowsWith, type MemoryState } from './state.ts'

/** How compiled predicates read the rows of a state. Each related row that they look at is counted. */
export function accessTo(state: MemoryState, meter: Meter = new Meter()): RowAccess<Row> {
  return {
    isFrozen: true,
    value(scopeField) {
      const field = scopeField as Field
      if (field.is === 'back' && !field.toMany)
        return row => rowsWith(state, field.target, field.via.slot, row[ID] as Id)[0]?.[ID] ?? null
      const { slot } = stored(field)
      return row => row[slot] ?? null
    },
    one(scopeField) {
      const field = scopeField as Field
      if (field.is === 'back') return row => rowsWith(state, field.target, field.via.slot, row[ID] as Id)[0] ?? null
      const { slot, target } = stored(field) as OneField
      return row => (row[slot] === null ? null : (rowIn(state, target, row[slot] as Id) ?? null))
    },
    many(scopeField) {
      const field = scopeField as Field
      if (field.is === 'back')
        return row => counted(rowsWith(state, field.target, field.via.slot, row[ID] as Id), meter)
      if (field.is !== 'many') throw new Error(`${field.name} is not a list of rows`)
      return row => counted(rowsOf(state, field.target, othersIn(state, field.join, field.side, row[ID] as Id)), meter)
    },
  }
}

function counted<T>(rows: readonly T[], meter: Meter): readonly T[] {
  meter.visit(rows.length)
  return rows
}

function stored(field: Field): Field & { slot: number } {
  if (field.is === 'scalar' || field.is === 'one') return field
  throw new Error(`Nothing is stored for ${field.owner.name}.${field.name}`)
}
