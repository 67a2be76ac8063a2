import { ApiError } from '../../protocol/error.ts'
import type { Row, ScalarField, Value } from '../../model/model.ts'
import type { StoredFile } from '../../schema/file.ts'
import type { Content, Target } from '../call/call.ts'
import type { Prepared, Setting } from '../write/read-body.ts'

/** A body with the files that came along, or that its call takes away. */
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

/** What a row says of a file. */
export function fileIn(field: ScalarField, row: Row): StoredFile | null {
  return (row[field.slot] ?? null) as StoredFile | null
}

/** Whether the call about a file makes it; one that takes it away needs one. */
export function madeFile({ uploads, id }: Target & Content, field: ScalarField, row: Row): boolean {
  if (fileIn(field, row) !== null) return false
  if (uploads?.every(({ value }) => value === null))
    throw new ApiError('not_found', { detail: `${field.owner.name} ${id} has no ${field.name}` })
  return true
}
