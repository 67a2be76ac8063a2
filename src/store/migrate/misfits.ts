import type { Model, Resource } from '../../model/model.ts'
import type { ColumnShape, DatabaseShape, TableShape } from './shape.ts'

/** Why the rows of a resource cannot be served from the tables of a database: what is gone, or holds something else now. */
export type Misfits = ReadonlyMap<Resource, string>

/**
 * Compares what a model needs with the tables as they are. Whatever a table has beside that does not matter. A relation without
 * its table makes both of its resources misfits.
 */
export function misfitsOf(model: Model, needed: DatabaseShape, is: DatabaseShape): Misfits {
  const misfits = new Map<Resource, string>()
  const note = (resource: Resource, why: string | null): void => {
    if (why !== null && !misfits.has(resource)) misfits.set(resource, why)
  }
  for (const resource of model.resources.values()) {
    const table = needed[resource.table]
    if (table !== undefined) note(resource, misfitOf(resource.table, table, is[resource.table]))
  }
  for (const { table, a, b } of model.joins) {
    const why = needed[table] === undefined ? null : misfitOf(table, needed[table], is[table])
    for (const { resource } of [a, b]) note(resource, why)
  }
  return misfits
}

function misfitOf(table: string, needed: TableShape, is: TableShape | undefined): string | null {
  if (is === undefined) return `the table ${table} is gone`
  for (const [column, as] of Object.entries(needed.columns)) {
    const found = is.columns[column]
    if (found === undefined) return `${table}.${column} is gone`
    if (found.kind !== as.kind || found.storage !== as.storage)
      return `${table}.${column} holds ${found.kind} now, and no longer ${as.kind}`
  }
  return null
}

/** A column that every new row must have a value for, though the model does not know it. null = there is none. */
export function unknownRequirement(needed: DatabaseShape, is: DatabaseShape): string | null {
  for (const [table, { columns }] of Object.entries(needed))
    for (const [column, found] of Object.entries(is[table]?.columns ?? {}))
      if (columns[column] === undefined && isDemanding(found)) return `${table}.${column}`
  return null
}

const isDemanding = ({ required, default: preset }: ColumnShape): boolean => required && preset === undefined

/** Tells what a running process does not serve any more. */
export function reportMisfits(misfits: Misfits, report: (line: string) => void): void {
  for (const [{ name }, why] of misfits)
    report(`${name}: another process has changed the tables: ${why}. Requests for it are answered with 503 from now on`)
}
