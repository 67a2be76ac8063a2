import type { Ctx } from '../../schema/field.ts'
import type { CursorKey } from '../../query/cursor.ts'
import type { ValueLimits } from '../patch/measure.ts'
import type { Terms } from '../../store/terms.ts'
import type { Permissions } from '../rules/permissions.ts'
import type { Bounds } from '../read/related/load-related.ts'
import type { Visits } from '../../store/store.ts'
import type { NewId } from '../write/unit-of-work.ts'

/** What a read needs besides the call. */
export interface ReadEnvironment {
  readonly terms: Terms
  readonly ctx: Ctx
  readonly bounds: Bounds
  /** How many rows may be sorted in memory. */
  readonly sortedRows: number
  readonly cursorKey: CursorKey
  /** How many rows a query may visit; undefined = all that it takes. */
  readonly visits: Visits | undefined
  /** Bytes after which a page of history ends early. */
  readonly pageBytes: number
  /** The same of a list. */
  readonly listBytes: number
  /** What the caller may do. The read rules are ANDed into every query. */
  readonly permissions: Permissions
}

/** What a write needs besides the call and the unit of work. */
export interface WriteEnvironment extends ReadEnvironment {
  readonly newId: NewId
  /** Limits of the values that a JSON Patch may create; null = none. */
  readonly values: ValueLimits | null
  /** How many objects an array body may have. */
  readonly bulk: number
  /** The hashes of the passwords that the unit sets, by password; null until they are computed. */
  readonly hashes: ReadonlyMap<string, string> | null
}
