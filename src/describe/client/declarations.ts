/** The member of a client that sends its requests. */
export const transport = `  /** What sends the requests, and the token that they carry. */
  $: {
    config: { urlPrefix: string; authHeader: string }
    getToken(): string | null
    setToken(token: string): void
    clearToken(): void
    send(method: string, path: string, options?: Options & { query?: unknown; data?: unknown }): Promise<unknown>
  }
`

/** What the declarations of all clients have in common. */
export const rest = `/** Conditions on a field of a filter. */
export interface EqualTest<V> {
  $eq?: V | null
  $ne?: V | null
  $in?: V[]
  $nin?: V[]
  $null?: boolean
}

export interface OrderedTest<V> extends EqualTest<V> {
  $gt?: V
  $gte?: V
  $lt?: V
  $lte?: V
}

export interface TextTest extends OrderedTest<string> {
  $contains?: string
  $startsWith?: string
  $endsWith?: string
  $ieq?: string
  $icontains?: string
  $istartsWith?: string
  $iendsWith?: string
}

/** A value, or conditions on it. */
export type TextValue = string | null | TextTest
export type OrderedValue<V> = V | null | OrderedTest<V>
export type EqualValue<V> = V | null | EqualTest<V>

/** Conditions on a list of values. */
export interface ListTest<V> {
  $has?: V
  $hasAny?: V[]
  $hasAll?: V[]
  $size?: number
  $null?: boolean
}

/** Conditions on a JSON value. */
export interface JsonTest {
  $eq?: unknown
  $ne?: unknown
  $null?: boolean
}

/** Conditions on related rows. */
export interface ManyTest<W> {
  $some?: W
  $every?: W
  $none?: W
  $size?: number
}

/** Which rows. All members must hold. */
export interface Logic<W> {
  $and?: W[]
  $or?: W[]
  $not?: W
}

/** T, of which the members K may be left out. */
export type Loose<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>

/** What is shown of rows. */
export interface Shape {
  depth?: number
  include?: string | string[]
  fields?: string | string[]
  /** Whether the JSON is indented. */
  pretty?: boolean
}

/** Conditions in the flat form: done=false, "rank[gte]"=3, "list.title"=x. */
export type Conditions<P extends string> = { [N in P]?: unknown } & {
  [N in \`\${P}[\${string}]\` | \`\${P}.\${string}\`]?: unknown
}

/** Which rows of a list, in which order. W is the filter in its JSON form, P are the fields with conditions. */
export type ListQuery<W, P extends string = Exclude<keyof W & string, \`$\${string}\`>> = Conditions<P> & Shape & {
  filter?: string | W
  sort?: string | string[]
  limit?: number
  offset?: number
  cursor?: string
  total?: boolean
}

export interface HistoryQuery {
  /** Continues before this position. */
  before?: string
  /** Entries of a page. */
  limit?: number
}

export interface HistoryRecord {
  position: string
  at: string
  operation: "create" | "patch" | "delete"
  /** The stored fields after it. */
  data: Record<string, unknown> | null
  /** The stored fields before it. */
  before: Record<string, unknown> | null
  /** Ids that were added to or removed from its to-many relations. */
  lists?: Record<string, unknown>
}

/** The operations on rows R. L are the ids above the list, I those of a row; C, U and P create, replace and change it, W is their filter. */
export interface Rows<L extends unknown[], I extends unknown[], R, C, U, P, W> {
  /** Lists the rows that a query selects. */
  list(...given: [...L, query?: ListQuery<W>, options?: Options]): Promise<R[]>
  /** Creates one or several rows, all or nothing. */
  create<D extends C | readonly C[]>(...given: [...L, data: D, options?: Options & { query?: Shape }]): Promise<D extends readonly unknown[] ? R[] : R>
  /** Shows a row. */
  get(...given: [...I, query?: Shape, options?: Options]): Promise<R>
  /** Replaces a row. */
  replace(...given: [...I, data: U, options?: Options & { query?: Shape }]): Promise<R>
  /** Changes the fields that are given. */
  patch(...given: [...I, data: P, options?: Options & { query?: Shape }]): Promise<R>
  /** Deletes a row, and rows that depend on it. */
  delete(...given: [...I, query?: Record<string, unknown>, options?: Options]): Promise<Response>
  /** What happened to a row, newest first. */
  history(...given: [...I, query?: HistoryQuery, options?: Options]): Promise<HistoryRecord[]>
}

/** Rows that have unique keys. */
export interface Keyed<U, R, K> {
  /** Replaces the row that a unique key names, or creates it. The query names exactly one key. */
  upsert(data: U, options?: Options & { query?: Shape & K }): Promise<R>
}

/** The operations on rows that are reached through a relation. */
export type Related<I, J, R, C, U, P, W> = Omit<Rows<[id: I], [id: I, relatedId: J], R, C, U, P, W>, "history">

export interface Options {
  headers?: Record<string, string>
}

export interface ClientOptions {
  base?: string
  header?: string
  scheme?: string
  fetch?: typeof fetch
}

/** What was refused, with the members of the problem document. */
export class ClientError extends Error {
  status: number
  response: Response
  error?: string
  errors?: { code: string; detail: string; pointer?: string; parameter?: string; header?: string }[]
}

export function createClient(options?: ClientOptions): Client

declare const client: Client
export default client
`
