import type { Model, Resource } from '../../../model/model.ts'
import { ApiError, pointer } from '../../../protocol/error.ts'
import { tablesOf } from '../../sql/tables/schema.ts'
import { codeOf, isUnfit } from '../failures.ts'
import { identifier } from '../schema/identifier.ts'

const FOREIGN_KEY = '23503'
const UNIQUE = '23505'

interface Violation extends Error {
  readonly schema?: string
  readonly table?: string
  readonly constraint?: string
  readonly detail?: string
}

/** Translates a violated constraint into the terms of the declaration. */
export function violationOf(error: Violation, model: Model): ApiError {
  switch (codeOf(error)) {
    case UNIQUE:
      return uniqueViolation(error, model)
    case FOREIGN_KEY:
      return new ApiError('conflict', {
        issues: [{ code: 'reference', pointer: '#', detail: referenceFault(error) }],
        cause: error,
      })
    default:
      if (isUnfit(error))
        return new ApiError('validation', { detail: `the database refuses a value: ${error.message}`, cause: error })
      return new ApiError('conflict', {
        issues: [{ code: 'check', pointer: '#', detail: error.message }],
        cause: error,
      })
  }
}

/** Which of both happened: a row refers to nothing, or others still refer to one that goes. */
const referenceFault = ({ detail = '' }: Violation): string =>
  detail.includes('still referenced') ? 'other rows refer to this one' : 'a row that is referred to does not exist'

/** PostgreSQL names the index; an index that we did not make is that of the key. */
function uniqueViolation(error: Violation, model: Model): ApiError {
  const foreign = [...model.resources.values()].find(
    ({ options: { foreign } }) => foreign?.postgres?.name === error.table && foreign?.postgres?.schema === error.schema,
  )
  if (foreign !== undefined)
    return alike(
      foreign.name,
      columnsOf(error).map(column => fieldOf(foreign, column)),
      error,
    )
  const table = tablesOf(model).find(({ name }) => name === error.table)
  const index = table?.indexes.find(({ name }) => identifier(name) === error.constraint)
  const fields = (index?.columns ?? table?.key ?? []).map(column => fieldOf(table?.resource ?? null, column))
  return alike(table?.resource?.name ?? 'row', fields, error)
}

/** The columns of a key that we did not make, as the detail of the error has them: `Key (a, b)=(1, 2) already exists.` */
const columnsOf = ({ detail = '' }: Violation): string[] =>
  /^Key \((.*?)\)=/
    .exec(detail)?.[1]
    ?.split(', ')
    .map(name => name.replaceAll('"', '')) ?? []

function alike(what: string, fields: readonly string[], error: Error): ApiError {
  const same = fields.length === 1 ? fields[0] : `the combination of ${fields.join(', ')}`
  const detail = `another ${what} has the same ${same}`
  const issues = fields.map(name => ({ code: 'unique' as const, pointer: pointer('#', name), detail }))
  return new ApiError('conflict', { issues, cause: error })
}

const fieldOf = (resource: Resource | null, column: string): string =>
  resource?.columns.find(field => field.column === column)?.name ?? column
