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
  /** Milliseconds in which a request must arrive that may carry files. Other requests have 30,000. */
  upload: 300_000,
  /** Levels of nesting in JSON → depth_exceeded. */
  jsonDepth: 32,
  /** Members of one object, and of all objects in a document → too_many_keys. */
  keys: 1_000,
  totalKeys: 10_000,
  /** Elements of one array → too_many_items. */
  items: 10_000,
  /** Objects in an array body, and rows that one request creates, nested ones included → too_many_items. */
  bulk: 1_000,
  /** Code points of a text field that declares no bound. */
  text: 10_000,
  /** Rows of a page by default, and at most. A larger limit is lowered to the maximum. */
  page: 25,
  maxPage: 100,
  /** Largest offset → validation. */
  offset: 10_000,
  /** Nodes, levels and list items of a filter → too_complex. */
  filterNodes: 50,
  filterDepth: 5,
  filterItems: 1_000,
  /** Sort keys of a query. */
  sort: 4,
  /** Largest `depth`, and how many rows an expansion may load. */
  depth: 3,
  expandedRows: 10_000,
  /** How many rows may be sorted in memory, if a sort key is calculated. */
  sortedRows: 10_000,
  /** Bytes of a page of history or of `/changes`, after which it ends early. One record is always on it. */
  pageBytes: 1_048_576,
  /**
   * Bytes of a page of a list, after which it ends early. One row is always on it. As many may be loaded for what a request
   * shows of related rows, and four times as many for what it computes → too_complex.
   */
  listBytes: 2_097_152,
  /** Rows that one list, count or sort may visit → too_complex. Beyond a few thousand it goes on beside the event loop. */
  visitedRows: 5_000_000,
  /**
   * The same for what has to stay in the event loop: the snapshot of a subscription, the rows that a bulk write selects.
   * Divided by the number of values that the filter compares with.
   */
  visitedInTurn: 250_000,
  /**
   * Milliseconds of one turn of the event loop that telling subscribers may take. The rest follows in later turns, so that
   * requests are answered in between.
   */
  turn: 5,
  /** How many ids of a to-many relation are shown before the list is cut. */
  relatedIds: 1_000,
  /** Rows of a subscription's snapshot → too_complex. */
  snapshotRows: 10_000,
  /** Bytes of such a snapshot, and of what the subscription is told in one step → too_complex. */
  snapshotBytes: 8_388_608,
  /** Subscriptions of one connection → too_many_subscriptions. */
  subscriptions: 100,
  /** Bytes of a message on a socket → payload_too_large. */
  message: 262_144,
  /**
   * Messages per second on one connection, and how many may come at once → rate_limited. A client that goes on is disconnected.
   */
  messageRate: 50,
  messageBurst: 100,
  /** Bytes that may wait for a slow connection, and milliseconds that it has to take them. */
  mailbox: 1_048_576,
  stall: 30_000,
  /** Bytes of a request target, and its parameters. */
  url: 8_192,
  parameters: 100,
  /** Bytes of the header section (checked by node:http), and its fields. */
  headerBytes: 16_384,
  headers: 100,
  /**
   * Connections of one process, and of one address that is no trusted proxy. For IPv6 a /64 counts as one address. Further
   * connections are closed.
   */
  connections: 50_000,
  connectionsPerAddress: 200,
} as const

export type Limits = { readonly [K in keyof typeof defaultLimits]: number }
