import { fileFields } from '../../../engine/files/ledger.ts'
import type { Resource } from '../../../model/model.ts'
import { filePart } from '../file/part.ts'
import type { Face } from '../face.ts'
import { history } from '../services/history.ts'
import type { HttpCall } from './http-call.ts'

/** Something of a row that has a URI of its own below the row's: `/todo/7/history`. */
export interface Part {
  readonly name: string
  readonly methods: readonly string[]
  /** Answers; the call has its resource and id. What it throws becomes a problem document. */
  serve(face: Face, call: HttpCall): void | Promise<void>
}

/** The parts of each row of a resource. */
export function partsOf(resource: Resource): readonly Part[] {
  const files = fileFields(resource).filter(field => !field.hidden)
  return [...(resource.field.has(history.name) ? [] : [history]), ...files.map(filePart)]
}
