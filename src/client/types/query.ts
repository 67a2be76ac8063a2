import type { CheckedField, CheckedInclude, CheckedSort } from '../../model/declare/shown.ts'
import type { Where } from '../../model/rules/where.ts'

export type Depth = 0 | 1 | 2 | 3

/** How rows are shown. The words are those of a query over HTTP. */
export interface Show<M, K, F extends string, I extends string, D> {
  /** Exactly these fields: `['id', 'customer.name']`. Default: all of them. */
  readonly fields?: readonly CheckedField<M, K, F>[]
  /** Relations that are shown as rows: `['customer', 'items.product']`. */
  readonly include?: readonly CheckedInclude<M, K, I>[]
  /** How deep related rows are shown. Default: 1, with related rows as ids. */
  readonly depth?: D
}

/** Which rows of a list, in which order. */
export interface Selection<M, K, F extends string, I extends string, D, S extends string> extends Show<M, K, F, I, D> {
  /** Conditions that must all hold: `{ done: false, list: { title: { $contains: 'home' } } }`. */
  readonly filter?: Where<M, K>
  /** Sort keys; a leading `-` sorts in descending order: `['-rank', 'list.title']`. */
  readonly sort?: CheckedSort<M, K, S> | readonly CheckedSort<M, K, S>[]
  /** At most this many rows. */
  readonly limit?: number
  readonly offset?: number
}

/**
 * Options of every request.
 *
 * @example
 * await api.todo.get(1, { signal: AbortSignal.timeout(1_000) })
 */
export interface RequestOptions {
  /** Stops waiting for the answer. */
  readonly signal?: AbortSignal
}

/**
 * Options of a read.
 *
 * @example
 * await api.todo.get(1, { min: position })
 */
export interface ReadOptions extends RequestOptions {
  /** The answer is not older than this position. The server waits for it, for at most two seconds. */
  readonly min?: string
}

/**
 * Options of what can be read as it was.
 *
 * @example
 * const then = await api.todo.get(1, { at: position })
 */
interface PastOptions extends ReadOptions {
  /**
   * Shows what was there at this position, an entity tag or a position that a write had. Fails with `gone` if the log does not
   * reach back so far. What is followed is always the present.
   */
  readonly at?: string
}

/**
 * Options of one row's read.
 *
 * @example
 * await api.list.get(1, { include: ['todos'] })
 */
export interface GetOptions<M, K, F extends string, I extends string, D> extends Show<M, K, F, I, D>, PastOptions {}

/**
 * Options of a list.
 *
 * @example
 * await api.todo.list({ filter: { done: false }, sort: '-rank', fields: ['id', 'text'], limit: 10 })
 */
export interface ListOptions<M, K, F extends string, I extends string, D, S extends string, T>
  extends Selection<M, K, F, I, D, S>, PastOptions {
  /** Where a page begins. Pages have `next` and `prev`, which know it. */
  readonly cursor?: string
  /** Whether all rows that match are counted. */
  readonly total?: T
}

/**
 * A page of a list. As an async iterable it has the rows of this page and of all pages after it.
 *
 * @example
 * const { rows, next } = await api.todo.list({ limit: 10 })
 * const more = await next?.()
 */
export interface Page<R> extends AsyncIterable<R> {
  readonly rows: readonly R[]
  /** Reads the page after this one. null = this is the last. */
  readonly next: (() => Promise<this>) | null
  /** Reads the page before this one. null = this is the first. */
  readonly prev: (() => Promise<this>) | null
}

/**
 * A page that knows how many rows match on all pages together.
 *
 * @example
 * const { rows, total } = await api.todo.list({ limit: 10, total: true })
 */
export interface CountedPage<R> extends Page<R> {
  readonly total: number
}

export type PageOf<R, T> = T extends true ? CountedPage<R> : Page<R>

/**
 * Options of a write.
 *
 * @example
 * await api.todo.create({ text: 'pack' }, { optimistic: false })
 */
export interface WriteOptions extends RequestOptions {
  /** The idempotency key. The client makes one for each write, so that a write that is sent again still happens once. */
  readonly key?: string
  /** Whether live queries show the write before the server has answered. Default: true. */
  readonly optimistic?: boolean
}

/**
 * Options of a write to a row that exists. R is what is read of it, D what is written.
 *
 * @example
 * await api.todo.patch(1, { text }, { ifMatch: etag, merge: (current, mine) => ({ text: `${current.text}, ${mine.text}` }) })
 */
export interface ChangeOptions<R = unknown, D = unknown> extends WriteOptions {
  /** The entity tag, without quotes, that the row must still have. Otherwise the write is refused: `precondition_failed`. */
  readonly ifMatch?: string
  /**
   * What is written instead if the row is not the one of `ifMatch` any more: `current` is the row as it is, `mine` what was to be
   * written, and `base` the row as a live query had it then. null = nothing, and the problem is thrown.
   */
  readonly merge?: (current: R, mine: D, base: R | null) => D | null
}

/**
 * Options of an upload.
 *
 * @example
 * await api.todo.upload(1, 'photo', blob, { name: 'door.png' })
 */
export interface UploadOptions extends RequestOptions {
  readonly ifMatch?: string
  /** The name of the file. Default: that of a `File`. */
  readonly name?: string
  /** The media type. Default: that of a `Blob`, or `application/octet-stream`. */
  readonly type?: string
}

/**
 * Options of a row's history: how many records a page has, and the position below which it begins.
 *
 * @example
 * const records = await api.todo.history(1, { limit: 10 })
 */
export interface HistoryOptions extends RequestOptions {
  /** Only records before this position: the `position` of the last record of the page before. */
  readonly before?: string
  /** Records per page. */
  readonly limit?: number
}
