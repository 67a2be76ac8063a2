import type { Action, Field, Id, Resource } from '../../model/model.ts'
import type { Principal } from '../../auth/principal.ts'
import type { Maybe } from '../../store/work.ts'
import type { Exchange } from './exchange.ts'
import type { Face } from './face.ts'
import type { HttpCall } from './http-call.ts'

/** What is at a URI: its methods, and how to answer. Made once, at start. */
export type Endpoint =
  | CollectionEndpoint
  | ItemEndpoint
  | PageEndpoint
  | ServiceEndpoint
  | ActionEndpoint
  | PartEndpoint

export interface Common {
  /** The value of `Allow`. */
  readonly allow: string
  readonly methods: ReadonlySet<string>
}

export interface CollectionEndpoint extends Common {
  readonly kind: 'collection'
  readonly resource: Resource
}

export interface ItemEndpoint extends Common {
  readonly kind: 'item'
  readonly resource: Resource
}

export interface PageEndpoint extends Common {
  readonly kind: 'page'
  readonly page: Page
}

/** The actions at one URI, by method. */
export interface ActionEndpoint extends Common {
  readonly kind: 'action'
  readonly actions: ReadonlyMap<string, Action>
}

/** A part of a row below the row's URI. */
export interface PartEndpoint extends Common {
  readonly kind: 'part'
  readonly resource: Resource
  readonly part: RowPart
}

export interface ServiceEndpoint extends Common {
  readonly kind: 'service'
  readonly service: Service
}

/** Where a match stores the ids that it found in the path. */
export interface RouteMatch {
  id: Id | null
  parent: { readonly resource: Resource; readonly id: Id; readonly field: Field } | null
}

export interface Routes {
  /** What is at a path (without a query); null if nothing is. Throws ApiError `bad_encoding` for a malformed escape. */
  match(path: string, into: RouteMatch): Endpoint | null
  /** Whether a path is below the prefix, if there is one: no page is served there. */
  isWithin(path: string): boolean
  /** The canonical URI of a list; null for an internal resource. */
  collection(resource: Resource): string | null
  item(resource: Resource, id: Id): string | null
  nested(parent: NonNullable<RouteMatch['parent']>): string | null
}

/** Something besides the resources that answers requests itself. It identifies the caller if it has to. */
export interface Service {
  /** The path below the mount, such as `/auth/token`. */
  readonly path: string
  readonly methods: readonly string[]
  /** Its name in metrics. Default: the path. */
  readonly route?: string
  /** It does as much as requests for resources, so it is refused like those under overload. */
  readonly isShed?: boolean
  /** Answers a request. Errors become problem documents. */
  readonly serve: (face: Face, exchange: Exchange) => Maybe<void>
}

/** Answers a request with a file of a folder. Resolves with false if there is none for it, and nothing was sent. */
export type StaticFiles = (face: Face, exchange: Exchange) => Promise<boolean>

/** A static page besides the resources. It is the same for everybody who may see it. */
export interface Page {
  /** The path below the mount, without a slash at the end: `/health`. `/` is the root. */
  readonly path: string
  readonly type: string
  /** Its Cache-Control. */
  readonly cache: string
  readonly text: () => Maybe<string | PageBytes>
  /** Whether it is at this path of the host as well, if the API has a prefix. */
  readonly isAtRoot?: boolean
  /** Further header fields, as names and values alternately. */
  readonly fields?: () => readonly string[]
  /** Throws ApiError unless the caller may see the page. Absent = everybody may, and no credentials are read. */
  readonly authorize?: (principal: Principal | null) => void
  /** The page to show instead, by the query of the request (without `?`) and its Accept; null = 404. */
  readonly choose?: (query: string, accept: string | undefined) => Page | null
}

/** A page that is too large to be encoded and hashed in one turn of the event loop. */
export interface PageBytes {
  readonly bytes: Uint8Array
  /** Its entity tag, without quotes. */
  readonly tag: string
}

/** A part of a row that has its own URI below the row's, such as `/todo/7/history`. */
export interface RowPart {
  readonly name: string
  readonly methods: readonly string[]
  /** Answers a call that has its resource and id. Errors become problem documents. */
  serve(face: Face, call: HttpCall): void | Promise<void>
}
