import { fileFields } from '../../../engine/files/ledger.ts'
import type { Resource } from '../../../model/model.ts'
import { filePart } from '../file/part.ts'
import type { Face } from '../face.ts'
import { history } from '../services/history.ts'
import type { HttpCall } from './http-call.ts'

/** A part of a row that has its own URI below the row's, such as `/todo/7/history`. */
export interface RowPart {
  readonly name: string
  readonly methods: readonly string[]
  /** Answers a call that has its resource and id. Errors become problem documents. */
  serve(face: Face, call: HttpCall): void | Promise<void>
}

/** The parts of the rows of a resource. */
export function rowPartsOf(resource: Resource): readonly RowPart[] {
  const files = fileFields(resource).filter(field => !field.hidden)
  return [...(resource.field.has(history.name) ? [] : [history]), ...files.map(filePart)]
}
