import { ApiError } from '../../protocol/error.ts'
import type { Row, ScalarField, Value } from '../../model/model.ts'
import type { StoredFile } from '../../schema/file.ts'
import type { Content, CallTarget } from '../call/call.ts'
import type { Prepared, Setting } from '../write/read-body.ts'

/** Adds the received files, and the removals of files, to a prepared body. */
export function withUploads(prepared: Prepared, { uploads }: Content): Prepared {
  if (!uploads?.length) return prepared
  const settings = uploads.map(({ field, value }): Setting => ({
    kind: 'value',
    field,
    value: value as Value,
    pointer: `#/${field.name}`,
  }))
  return { ...prepared, settings: [...prepared.settings, ...settings] }
}

/** The description of a file in a row; null = no file. */
export function storedFileIn(field: ScalarField, row: Row): StoredFile | null {
  return (row[field.slot] ?? null) as StoredFile | null
}

/** Whether a call about a file creates it. Throws 404 if the call removes a file that is not there. */
export function madeFile({ uploads, id }: CallTarget & Content, field: ScalarField, row: Row): boolean {
  if (storedFileIn(field, row) !== null) return false
  if (uploads?.every(({ value }) => value === null))
    throw new ApiError('not_found', { detail: `${field.owner.name} ${id} has no ${field.name}` })
  return true
}
