import type { Ctx } from '../../schema/field.ts'
import type { CursorKey } from '../../query/cursor.ts'
import type { ValueLimits } from '../patch/measure.ts'
import type { Permissions } from '../rules/permissions.ts'
import type { Bounds } from '../read/load-related.ts'
import type { NewId } from '../write/set-fields.ts'

/** What reading needs beside the call. */
export interface Reading {
  readonly epoch: string
  readonly ctx: Ctx
  readonly bounds: Bounds
  /** Rows that may be sorted in memory. */
  readonly sortedRows: number
  readonly cursorKey: CursorKey
  /** What the caller may do; what it may see is ANDed into everything. */
  readonly permissions: Permissions
}

/** What writing needs beside the call and the unit. */
export interface Writing extends Reading {
  readonly newId: NewId
  /** Of what a patch makes of a row; null = none. */
  readonly values: ValueLimits | null
  /** Objects in an array body. */
  readonly bulk: number
  /** The hashes of passwords that the unit sets, by what was said; null until they are known. */
  readonly hashes: ReadonlyMap<string, string> | null
}
