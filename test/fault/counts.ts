/** How much the fault tests break: a little in `npm test`, and in `npm run fault` as much as a release requires. */
export interface Counts {
  /** Servers killed while clients write. */
  readonly kill9: number
  /** Servers killed between commit and answer, and at the first commit of a thousand requests with one key. */
  readonly idempotency: { readonly kills: number; readonly storms: number }
  /** Servers killed while a hundred jobs run. */
  readonly jobs: number
  /** Servers killed while files come and go. */
  readonly files: number
  /** Connections cut, and servers killed, while others listen. */
  readonly live: { readonly cuts: number; readonly kills: number }
  /** Faults of three nodes, PostgreSQL and NATS, and connections cut, while others listen. */
  readonly nodes: { readonly strikes: number; readonly cuts: number }
  /** How often two processes start at the same time over one new file. */
  readonly starts: number
  /** Processes killed while they migrate a database. */
  readonly migrations: number
  /** Faults planted into live queries, each to be found by random programs. */
  readonly planted: number
  /** Faults planted into what nodes agree on, each to be found by a test. */
  readonly plantedInNodes: number
  /** Readers that stop reading, the events that others receive meanwhile, and their size in bytes. */
  readonly stalled: { readonly readers: number; readonly events: number; readonly bytes: number }
}

const few: Counts = {
  kill9: 30,
  idempotency: { kills: 6, storms: 1 },
  jobs: 2,
  files: 4,
  live: { cuts: 300, kills: 6 },
  nodes: { strikes: 6, cuts: 40 },
  starts: 3,
  migrations: 8,
  planted: 2,
  plantedInNodes: 0,
  stalled: { readers: 60, events: 3_000, bytes: 5_000 },
}
const all: Counts = {
  kill9: 500,
  idempotency: { kills: 500, storms: 3 },
  jobs: 20,
  files: 100,
  live: { cuts: 2_000, kills: 100 },
  nodes: { strikes: 40, cuts: 500 },
  starts: 20,
  migrations: 300,
  planted: Infinity,
  plantedInNodes: Infinity,
  stalled: { readers: 1_000, events: 100_000, bytes: 100 },
}

const isFull = process.env['FAULTS'] === 'all'
export const faults: Counts = isFull ? all : few

/** Prints the counts if they are wanted for the record. */
export function tell(tally: object): void {
  if (isFull) console.log(tally)
}
