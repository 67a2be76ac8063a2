import type { HistoryRecord } from '../../engine/past/history.ts'
import type { Selected } from '../../model/declare/shown.ts'
import type { Complete, FieldsIn, IdOf, New, Patch, Row } from '../../model/declare/types.ts'
import type { Where } from '../../model/rules/where.ts'
import type { Fields } from '../../schema/types.ts'
import type { Asked, Problem } from '../problem.ts'
import type { ChangeCode, CreateCode, FileCode, GetCode, ListCode } from './codes.ts'
import type { Live, LiveOptions, LiveRow } from './live.ts'
import type {
  ChangeOptions,
  Depth,
  GetOptions,
  HistoryOptions,
  ListOptions,
  PageOf,
  RequestOptions,
  Show,
  UploadOptions,
  WriteOptions,
} from './query.ts'

/**
 * A list under way. As an async iterable it has the rows of all its pages.
 *
 * @example
 * for await (const row of api.todo.list({ sort: '-rank' })) show(row.rank) // all pages
 */
export interface AskedList<R, T> extends Asked<PageOf<R, T>, Problem<ListCode>>, AsyncIterable<R> {}

/**
 * A resource of the server. K is its name in the model M.
 *
 * @example
 * await api.todo.create({ text: 'pack' })
 * await api.todo.patch(1, { done: true })
 * const { rows } = await api.todo.list({ filter: { done: false } })
 */
export interface Resource<M, K extends keyof M> {
  /** Reads one row by its id. */
  get<const F extends string = never, const I extends string = never, const D extends Depth = 1>(
    id: IdOf<M, K>,
    options?: GetOptions<M, K, F, I, D>,
  ): Asked<Selected<M, K, F, I, D>, Problem<GetCode>>
  /**
   * Reads a page of the rows that a query selects.
   *
   * @example
   * const { rows, next } = await api.todo.list({ filter: { done: false }, sort: '-rank' })
   * for await (const todo of api.todo.list()) show(todo.text) // all pages
   */
  list<
    const F extends string = never,
    const I extends string = never,
    const D extends Depth = 1,
    const S extends string = never,
    const T extends boolean = false,
  >(
    options?: ListOptions<M, K, F, I, D, S, T>,
  ): AskedList<Selected<M, K, F, I, D>, T>
  // Editors complete by the first overload, and the compiler explains a fault by the last one.
  /** Creates a row, together with the rows that its body nests. Returns it. */
  create(data: New<M, K>, options?: WriteOptions): Asked<Row<M, K>, Problem<CreateCode, keyof FieldsIn<M, K>>>
  /** Creates several rows, all or nothing. */
  create(data: readonly New<M, K>[], options?: WriteOptions): Asked<Row<M, K>[], Problem<CreateCode>>
  create<D>(
    data: Complete<FieldsIn<M, K>, New<M, K>, D>,
    options?: WriteOptions,
  ): Asked<Row<M, K>, Problem<CreateCode, keyof FieldsIn<M, K>>>
  /**
   * Replaces a row. Creates it if clients may choose ids, or if it is named by a unique key: `replace({ email }, …)`.
   */
  replace(
    id: IdOf<M, K> | Partial<Row<M, K>>,
    data: New<M, K>,
    options?: ChangeOptions<Row<M, K>, New<M, K>>,
  ): Asked<Row<M, K>, Problem<ChangeCode, keyof FieldsIn<M, K>>>
  replace<D>(
    id: IdOf<M, K> | Partial<Row<M, K>>,
    data: Complete<FieldsIn<M, K>, New<M, K>, D>,
    options?: ChangeOptions<Row<M, K>, New<M, K>>,
  ): Asked<Row<M, K>, Problem<ChangeCode, keyof FieldsIn<M, K>>>
  /** Changes all rows that a filter selects, if the resource allows it. Returns them. */
  patch(rows: Matching<M, K>, data: Patch<M, K>, options?: ChangeOptions): Asked<Row<M, K>[], Problem<ChangeCode>>
  /** Changes the fields that the body names, and leaves all others. */
  patch(
    id: IdOf<M, K>,
    data: Patch<M, K>,
    options?: ChangeOptions<Row<M, K>, Patch<M, K>>,
  ): Asked<Row<M, K>, Problem<ChangeCode, keyof FieldsIn<M, K>>>
  /** Deletes a row, or all rows that a filter selects: `delete({ filter: { done: true } })`. */
  delete(id: IdOf<M, K> | Matching<M, K>, options?: ChangeOptions): Asked<void, Problem<ChangeCode>>
  /** Follows one row. It need not exist yet. */
  live<const F extends string = never, const I extends string = never, const D extends Depth = 1>(
    id: IdOf<M, K>,
    options?: Show<M, K, F, I, D>,
  ): LiveRow<Selected<M, K, F, I, D>, IdOf<M, K>>
  /** Follows a query: its rows now, and then every change. */
  live<
    const F extends string = never,
    const I extends string = never,
    const D extends Depth = 1,
    const S extends string = never,
  >(
    options?: LiveOptions<M, K, F, I, D, S>,
  ): Live<Selected<M, K, F, I, D>, IdOf<M, K>>
  /** What the change log knows about a row, newest first. Deleted rows have a history too. */
  history(id: IdOf<M, K>, options?: HistoryOptions): Asked<readonly HistoryRecord[], Problem<GetCode>>
  /** Sends the bytes of a file. Returns what the row shows of it. */
  upload<P extends FileIn<FieldsIn<M, K>>>(
    id: IdOf<M, K>,
    field: P,
    bytes: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | string,
    options?: UploadOptions,
  ): Asked<NonNullable<FieldsIn<M, K>[P]['~type']['read']>, Problem<FileCode>>
  /** Reads the bytes of a file: `await (await api.todo.download(7, 'photo')).blob()`. */
  download<P extends FileIn<FieldsIn<M, K>>>(
    id: IdOf<M, K>,
    field: P,
    options?: RequestOptions,
  ): Asked<Response, Problem<FileCode>>
}

/**
 * All rows that a filter selects.
 *
 * @example
 * await api.todo.patch({ filter: { done: true } }, { archived: true })
 */
export interface Matching<M, K> {
  readonly filter: Where<M, K>
}

/** The file fields of a resource: they are written as null only. */
type FileIn<F extends Fields> = keyof {
  [P in keyof F & string as F[P]['~type'] extends { write: null; kind: 'scalar' } ? P : never]: 0
}
