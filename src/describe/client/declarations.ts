/** The member of a client that sends its requests. */
export const transport = `  /** Sends requests. */
  $: {
    config: { urlPrefix: string; authHeader: string }
    getToken(): string | null
    setToken(token: string): void
    clearToken(): void
    send(method: string, path: string, options?: Options & { query?: unknown; data?: unknown }): Promise<unknown>
    live<T>(uri: string): Live<unknown, T>
  }
`

/** What some of them have. */
export const jsonTest: string = `/** Conditions on a JSON value. */
export interface JsonTest {
  $eq?: unknown
  $ne?: unknown
  $null?: boolean
}

`

/** What the declarations of all clients have in common. */
export const rest: string = `/** Conditions on a field. */
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

${jsonTest}/** Conditions on related rows. */
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

/** Flat conditions: done=false, "rank[gte]"=3, "list.title"=x. */
export type Conditions<P extends string> = { [N in P]?: unknown } & {
  [N in \`\${P}[\${string}]\` | \`\${P}.\${string}\`]?: unknown
}

/** Which rows, in which order. W is the filter as JSON, P are the fields with conditions. */
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
  /** Its fields after and before. */
  data: Record<string, unknown> | null
  before: Record<string, unknown> | null
  unknown?: string[]
  /** Ids that came or went in its relations. */
  lists?: Record<string, unknown>
}

/** The operations on rows R, with a filter W. L are the ids above the list, I those of a row; C, U and P create, replace and change it. */
export interface Rows<L extends unknown[], I extends unknown[], R, C, W, U = C, P = Partial<C>> {
  /** Lists the rows of a query. */
  list(...given: [...L, query?: ListQuery<W>, options?: Options]): Promise<R[]>
  /** Creates rows, all or nothing. */
  create<D extends C | readonly C[]>(...given: [...L, data: D, options?: Options & { query?: Shape }]): Promise<D extends readonly unknown[] ? R[] : R>
  /** Shows a row. */
  get(...given: [...I, query?: Shape, options?: Options]): Promise<R>
  /** Replaces a row. */
  replace(...given: [...I, data: U, options?: Options & { query?: Shape }]): Promise<R>
  /** Changes given fields. */
  patch(...given: [...I, data: P, options?: Options & { query?: Shape }]): Promise<R>
  /** Deletes a row. */
  delete(...given: [...I, query?: Record<string, unknown>, options?: Options]): Promise<Response>
  /** Newest first. */
  history(...given: [...I, query?: HistoryQuery, options?: Options]): Promise<HistoryRecord[]>
}

/** The operations on all rows of a resource. */
export type Table<I, R, C, W, U = C, P = Partial<C>> = Rows<[], [id: I], R, C, W, U, P> & Followed<I, R, W>

/** Rows that have unique keys. */
export interface Keyed<U, R, K> {
  /** Replaces the row that a unique key names, or creates it. */
  upsert(data: U, options?: Options & { query?: Shape & K }): Promise<R>
}

/** Rows that are reached through a relation. */
export type Related<I, J, R, C, W, U = C, P = Partial<C>> = Omit<Rows<[id: I], [id: I, relatedId: J], R, C, W, U, P>, "history">

/** Rows at one moment. They are the same objects until they change. */
export interface LiveState<I, R> {
  rows: readonly R[]
  changes: readonly { kind: "enter" | "change" | "leave"; id: I; row: R | null }[]
  status: "loading" | "live" | "stale" | "reset" | "refused" | "closed"
  position: string | null
}

/** Rows that are kept up to date. */
export interface Live<I, R> extends Readonly<LiveState<I, R>>, AsyncIterable<LiveState<I, R>> {
  readonly row: R | null
  /** When the first rows have come. */
  readonly ready: Promise<void>
  /** Returns the function that ends it. */
  subscribe(changed: (state: LiveState<I, R>) => void): () => void
  close(): void
}

export interface LiveQuery<W> {
  filter?: W
  sort?: string | string[]
  limit?: number
  offset?: number
  depth?: number
  include?: string[]
  fields?: string[]
}

/** Following rows, and files. */
export interface Followed<I, R, W> {
  live(query?: LiveQuery<W>): Live<I, R>
  live(id: I, query?: LiveQuery<W>): Live<I, R>
  upload(id: I, field: keyof R, bytes: Blob | ArrayBuffer | string): Promise<unknown>
  download(id: I, field: keyof R): Promise<Response>
}

export interface Options {
  headers?: Record<string, string>
}

export interface ClientOptions {
  base?: string
  header?: string
  scheme?: string
  fetch?: typeof fetch
}

/** A refusal, with the members of the problem. */
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
