/** Every limit, its unit and its default in one place. Each refusal has a code of codes.ts. */
export const defaultLimits = {
  /** Bytes of a request body → payload_too_large. */
  body: 1_048_576,
  /** Parts of a form with files → too_many_items; how long each file may be, its field says. */
  parts: 100,
  /** Milliseconds in which a request with files has to arrive; others have 30,000. */
  upload: 300_000,
  /** Nesting of JSON → depth_exceeded. */
  jsonDepth: 32,
  /** Members of one object, and of all objects of a document → too_many_keys. */
  keys: 1_000,
  totalKeys: 10_000,
  /** Elements of one array → too_many_items. */
  items: 10_000,
  /** Objects in an array body → too_many_items. */
  bulk: 1_000,
  /** Code points of a text field that declares no bound. */
  text: 10_000,
  /** Rows of a page by default and at most; a larger limit is clamped. */
  page: 25,
  maxPage: 100,
  /** Largest offset → validation. */
  offset: 10_000,
  /** Nodes, nesting and list items of a filter → too_complex. */
  filterNodes: 50,
  filterDepth: 5,
  filterItems: 1_000,
  /** Sort keys. */
  sort: 4,
  /** Largest `depth`, and rows that an expansion may load. */
  depth: 3,
  expandedRows: 10_000,
  /** Rows that are sorted in memory by a calculated key. */
  sortedRows: 10_000,
  /** Milliseconds of one turn of the event loop that telling subscribers may take; the rest follows in later turns. */
  turn: 5,
  /** Ids shown of one to-many relation before the list is cut. */
  relatedIds: 1_000,
  /** Rows of a subscription's snapshot → too_complex. */
  snapshotRows: 10_000,
  /** Subscriptions of one connection → too_many_subscriptions. */
  subscriptions: 100,
  /** Bytes of a message on a socket → payload_too_large. */
  message: 262_144,
  /** Messages a second on one connection, and at once → rate_limited; whoever goes on is disconnected. */
  messageRate: 50,
  messageBurst: 100,
  /** Bytes that may wait for a slow connection, and milliseconds that it has to take them. */
  mailbox: 1_048_576,
  stall: 30_000,
  /** Bytes of a request target, and parameters in it. */
  url: 8_192,
  parameters: 100,
  /** Bytes of the header section (node:http's own check) and fields in it. */
  headerBytes: 16_384,
  headers: 100,
  /** Connections of one process, and of one address (of IPv6: one /64) that is no trusted proxy; beyond they are closed. */
  connections: 50_000,
  connectionsPerAddress: 200,
} as const

export type Limits = { readonly [K in keyof typeof defaultLimits]: number }
