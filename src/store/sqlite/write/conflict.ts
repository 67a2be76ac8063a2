import { ApiError, pointer } from '../../../protocol/error.ts'
import type { Model, Resource } from '../../../model/model.ts'

/** Result codes of SQLite (https://sqlite.org/rescode.html). */
const BUSY = 5
const CONSTRAINT = 19
const FOREIGN_KEY = 787
const NOT_NULL = 1299
const PRIMARY_KEY = 1555
const UNIQUE = 2067
const ROWID = 2579

/** The extended result code of an error from SQLite; null for other errors. */
function resultCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null
}

/** Whether another process holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && (code & 0xff) === BUSY
}

/** Whether a constraint would be violated. */
export function isConstraint(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && (code & 0xff) === CONSTRAINT
}

/** Out of memory, read-only, I/O error, corrupt, full, cannot open: faults of the machine, not of the request. */
const MACHINE = new Set([7, 8, 10, 11, 13, 14])

/**
 * Whether an error of SQLite is about the machine: memory, disk, file. The group of writes as a whole has failed then, and
 * not one of its units.
 */
export function isMachine(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && MACHINE.has(code & 0xff)
}

/** Translates a violated constraint into the terms of the declaration. */
export function conflictOf(error: Error, model: Model): ApiError {
  const code = resultCode(error)
  if (code === UNIQUE || code === PRIMARY_KEY || code === ROWID) return uniqueConflict(error, model)
  if (code === FOREIGN_KEY) {
    return new ApiError('conflict', {
      issues: [{ code: 'reference', pointer: '#', detail: 'a row that is referred to does not exist' }],
      cause: error,
    })
  }
  return (code === NOT_NULL ? requirementOf(error, model) : null) ?? checkConflict(error, '#', error.message)
}

const checkConflict = (error: Error, place: string, detail: string): ApiError =>
  new ApiError('conflict', { issues: [{ code: 'check', pointer: place, detail }], cause: error })

/**
 * A newer version of the application requires more of the table (`NOT NULL constraint failed: todo.rank`): of a field, or of a
 * column that is unknown here, so that no new row can be written. null = the table is not ours.
 */
function requirementOf(error: Error, model: Model): ApiError | null {
  const column = error.message.replace(/^.*?failed: /, '')
  const { resource, name } = fieldOfColumn(model, column)
  if (resource !== null) return checkConflict(error, pointer('#', name), `${name} must have a value by now`)
  const owner = [...model.resources.values()].find(({ table }) => column.startsWith(`${table}.`))
  if (owner === undefined || owner.options.foreign !== null) return null
  const detail = `the database was changed for another version of this application: ${column} must have a value now`
  return new ApiError('unavailable', { detail, expected: true, cause: error })
}

/** Translates the columns that SQLite names: `UNIQUE constraint failed: user.email, user.site`. */
function uniqueConflict(error: Error, model: Model): ApiError {
  const columns = error.message.replace(/^.*?failed: /, '').split(', ')
  const issues = columns.map(column => {
    const { resource, name } = fieldOfColumn(model, column)
    const fields = columns.map(other => fieldOfColumn(model, other).name)
    const what = fields.length === 1 ? name : `the combination of ${fields.join(', ')}`
    return {
      code: 'unique' as const,
      pointer: pointer('#', name),
      detail: `another ${resource?.name ?? 'row'} has the same ${what}`,
    }
  })
  return new ApiError('conflict', { issues, cause: error })
}

function fieldOfColumn(model: Model, column: string): { resource: Resource | null; name: string } {
  for (const resource of model.resources.values()) {
    if (!column.startsWith(`${resource.table}.`)) continue
    const stored = column.slice(resource.table.length + 1)
    const field = resource.columns.find(field => field.column === stored)
    if (field !== undefined) return { resource, name: field.name }
  }
  return { resource: null, name: column }
}
