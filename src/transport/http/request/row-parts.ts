import type { RowPart } from '../endpoint.ts'
import { fileFields } from '../../../engine/files/ledger.ts'
import type { Resource } from '../../../model/model.ts'
import { filePart } from '../file/part.ts'
import { history } from '../services/history.ts'

/** The parts of the rows of a resource. */
export function rowPartsOf(resource: Resource): readonly RowPart[] {
  const files = fileFields(resource).filter(field => !field.hidden)
  return [...(resource.field.has(history.name) ? [] : [history]), ...files.map(filePart)]
}
