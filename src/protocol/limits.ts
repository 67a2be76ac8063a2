/**
 * All limits with units and defaults, in one place. Comments name the error code of a request that exceeds one (codes.ts).
 * Change them with `api(…, { limits })`.
 *
 * @example
 * api({ todo }, { limits: { body: 4 * defaultLimits.body } })
 */
export const defaultLimits = {
  /** Bytes of a request body → payload_too_large. */
  body: 1_048_576,
  /** Parts of a form with files → too_many_items. The size of each file is limited by its field. */
  parts: 100,
  /** Milliseconds in which a request with files must arrive. Other requests have 30,000. */
  upload: 300_000,
  /** Levels of nesting in JSON → depth_exceeded. */
  jsonDepth: 32,
  /** Members of one object → too_many_keys. */
  keys: 1_000,
  /** Members of all objects in a document → too_many_keys. */
  totalKeys: 10_000,
  /** Elements of one array → too_many_items. */
  items: 10_000,
  /** Objects in an array body, and rows that one request creates, including nested ones → too_many_items. */
  bulk: 1_000,
  /** Code points of a text, if its field declares no `max` → validation. */
  text: 10_000,
  /** Rows of a page, if the request names no `limit`. */
  page: 25,
  /** Rows of the largest page. A larger `limit` is lowered to it. */
  maxPage: 100,
  /** The largest `offset` → validation. */
  offset: 10_000,
  /** Conditions of a filter, `$and`, `$or` and `$not` included → too_complex. */
  filterNodes: 50,
  /** Levels of a filter → too_complex. */
  filterDepth: 5,
  /** Values of a list in a filter, such as that of `$in` → too_complex. */
  filterItems: 1_000,
  /** Sort keys of a query. */
  sort: 4,
  /** The largest `depth` of related rows → validation. */
  depth: 3,
  /** Related rows that one request may show → too_complex. */
  expandedRows: 10_000,
  /** Rows that are sorted by a calculated field → too_complex. */
  sortedRows: 10_000,
  /** Bytes after which a page of history or of `/changes` ends early. It has at least one record. */
  pageBytes: 1_048_576,
  /**
   * Bytes after which a page of a list ends early. It has at least one row. The related rows that a request shows may have as
   * many, and the rows that its calculated fields read four times as many → too_complex.
   */
  listBytes: 2_097_152,
  /** Rows that a list, a count or a sort may look at → too_complex. */
  visitedRows: 5_000_000,
  /** Rows that a live query, or a write with a filter, may look at. Less if the filter has many values → too_complex. */
  visitedInTurn: 250_000,
  /** Milliseconds that sending changes to subscribers may take at once. Then requests are answered, and the rest follows. */
  turn: 5,
  /** Ids of a to-many relation that are shown. Longer lists are cut. */
  relatedIds: 1_000,
  /** Rows of a live query → too_complex. */
  snapshotRows: 10_000,
  /** Bytes of the first answer of a live query, and of what one commit changes in it → too_complex. */
  snapshotBytes: 8_388_608,
  /** Subscriptions of one connection → too_many_subscriptions. */
  subscriptions: 100,
  /** Bytes of a message on a socket → payload_too_large. */
  message: 262_144,
  /** Messages per second on one connection → rate_limited. A client that does not stop is disconnected. */
  messageRate: 50,
  /** Messages on one connection that may come at once, before `messageRate` counts → rate_limited. */
  messageBurst: 100,
  /** Bytes that may wait for a client that reads slowly. */
  mailbox: 1_048_576,
  /** Milliseconds that a slow client has to read them. */
  stall: 30_000,
  /** Bytes of a URL, without its origin. */
  url: 8_192,
  /** Parameters of a URL. */
  parameters: 100,
  /** Bytes of all header fields of a request. */
  headerBytes: 16_384,
  /** Header fields of a request. */
  headers: 100,
  /** Connections of one process. Further ones are closed. */
  connections: 50_000,
  /** Connections from one address (for IPv6 a /64), but not from this machine and from trusted proxies. Further ones are closed. */
  connectionsPerAddress: 200,
} as const

export type Limits = { readonly [K in keyof typeof defaultLimits]: number }
