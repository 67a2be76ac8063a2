import type { View } from '../../engine/read/view.ts'
import type { Routes } from './endpoint.ts'

/** What an exporter receives besides the value. */
export interface Exported {
  /** The name of the resource that is represented, such as `todo`. */
  readonly resource: string
  readonly status: number
}

/** Writes plain data in its own media type. */
export type Exporter = (value: unknown, about: Exported) => string | Uint8Array | Promise<string | Uint8Array>

/** A format of representations. Nothing else deals with media types. */
export interface Format {
  /** Its Content-Type. */
  readonly type: string
  /** The suffix of its entity tags, because another media type needs another tag (RFC 9110 §8.8.3.3). */
  readonly suffix: string
  /** null = the JSON text is sent as it is. */
  readonly write: Exporter | null
  /** Writes rows with links. `write` is then used for other values. */
  readonly document?: DocumentWriter
}

export const jsonFormat: Format = { type: 'application/json', suffix: '', write: null }

/** Chooses the format of a response. Made once per face. */
export interface Negotiator {
  /**
   * The format for an Accept field (RFC 9110 §12.5.1). If none fits, throws ApiError `not_acceptable` with the available ones,
   * or returns JSON if `lenient`.
   */
  choose(accept: string | undefined, lenient?: boolean): Format
}

/** A representation, in the form in which hypermedia formats receive it. */
export interface HypermediaDocument {
  readonly routes: Routes
  readonly view: View
  /** The JSON representation as data. */
  readonly value: unknown
  readonly self: string | null
  /** For a list, or several rows that were created together; null for a single row. */
  readonly list: Listing | null
}

export interface Listing {
  readonly total: number | null
  readonly first: string | null
  readonly prev: string | null
  readonly next: string | null
}

/** Writes a document in its own media type. */
export type DocumentWriter = (document: HypermediaDocument) => string
