import type { Model, Resource } from '../../../model/model.ts'
import { ApiError, pointer } from '../../../protocol/error.ts'
import { tablesOf } from '../../sql/tables/schema.ts'
import { codeOf } from '../failures.ts'
import { identifier } from '../schema/identifier.ts'

const FOREIGN_KEY = '23503'
const UNIQUE = '23505'

/** Translates a violated constraint into the terms of the declaration. */
export function violationOf(error: Error & { table?: string; constraint?: string }, model: Model): ApiError {
  switch (codeOf(error)) {
    case UNIQUE:
      return uniqueViolation(error, model)
    case FOREIGN_KEY:
      return new ApiError('conflict', {
        issues: [{ code: 'reference', pointer: '#', detail: 'a row that is referred to does not exist' }],
        cause: error,
      })
    default:
      return new ApiError('conflict', {
        issues: [{ code: 'check', pointer: '#', detail: error.message }],
        cause: error,
      })
  }
}

/** PostgreSQL names the index; an index that we did not make is that of the key. */
function uniqueViolation(error: Error & { table?: string; constraint?: string }, model: Model): ApiError {
  const table = tablesOf(model).find(({ name }) => name === error.table)
  const index = table?.indexes.find(({ name }) => identifier(name) === error.constraint)
  const fields = (index?.columns ?? table?.key ?? []).map(column => fieldOf(table?.resource ?? null, column))
  const what = fields.length === 1 ? fields[0] : `the combination of ${fields.join(', ')}`
  const detail = `another ${table?.resource?.name ?? 'row'} has the same ${what}`
  const issues = fields.map(name => ({ code: 'unique' as const, pointer: pointer('#', name), detail }))
  return new ApiError('conflict', { issues, cause: error })
}

const fieldOf = (resource: Resource | null, column: string): string =>
  resource?.columns.find(field => field.column === column)?.name ?? column
