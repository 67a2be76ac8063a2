/**
 * How values compare as JSON shows them: as numbers (booleans too), as texts by code point, as the numbers that digits in a
 * text stand for, or as date-times of RFC 3339.
 */
export type ShownOrder = 'number' | 'text' | 'decimal' | 'moment'

/** What a client needs to know of a resource and cannot tell from its rows. */
export interface Outline {
  readonly name: string
  /** The path of its list, below that of the API. */
  readonly path: string
  /** The name of the id. */
  readonly id: string
  /** How the values of fields compare. A field is left out if only the server can tell. */
  readonly order: { readonly [field: string]: ShownOrder }
  /** The values of fields that are not given, as far as they are always the same. */
  readonly defaults: { readonly [field: string]: unknown }
  /** The names of the file fields. */
  readonly files: readonly string[]
  readonly relations: { readonly [field: string]: { readonly to: string; readonly many: boolean } }
}

/** The outline of the resource that a subscription follows. */
export interface FollowedOutline extends Outline {
  /** How each sort key of the query compares. null = only the server can tell. */
  readonly sort: readonly (ShownOrder | null)[]
}
