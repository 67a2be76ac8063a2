import type { Id, Resource, Row } from '../../../model/model.ts'
import { everything } from '../../../query/predicate.ts'
import { Elsewhere } from '../../accounts.ts'
import { Exhausted } from '../../meter.ts'
import type { Bind } from '../../sql/codec.ts'
import { jsonList } from '../../sql/leaf.ts'
import type { StatementShape } from '../../sql/shape.ts'
import { countPairs, countPairsUpTo, type PairTable } from '../../sql/statements/related.ts'
import { countTableUpTo } from '../../sql/statements/rows.ts'
import type { Room } from '../../room.ts'
import type { Visits } from '../../store.ts'
import { tooManyVisits, type Visiting } from '../../too-many-visits.ts'
import type { Maybe } from '../../work.ts'
import type { Connection, Plans, Statement } from '../connection.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'

/** Runs statements beside the event loop, in the same state. */
export interface Scanner {
  /** Rejects with what `refusal` makes where more rows than `most` would be visited. */
  all(statement: Statement, values: readonly Bind[], bounds: ScanBounds): Promise<Row[]>
}

export interface ScanBounds {
  readonly most: number
  readonly room?: Room | undefined
  readonly refusal: () => Error
}

/**
 * Where queries that visit many rows run: here, as there is no other place; elsewhere, so that they throw `Elsewhere` here;
 * or by a scanner.
 */
export type ScanStarter = 'here' | 'elsewhere' | Scanner

/** Rows that a query without values may visit in a turn of the event loop before it goes on beside it: about 3 ms. */
const IN_TURN = 20_000
/** The same if their pages have to be read first, each for a few rows: 20 ms at worst. */
const SCATTERED = 5_000

/** Rows that a plan may visit before the other one is tried: about 0.3 ms. */
const TRIED = 2_000

/** Rows that may be visited here. Each value that a row is compared with takes its time. */
function allowedHere({ most, account }: Visits, compared: number, isMoving: boolean, isScattered = false): number {
  if (isMoving) return Math.min(most, Math.floor((isScattered ? SCATTERED : IN_TURN) / (1 + compared)))
  return account === null ? Math.min(most, Math.floor((2 * most) / (1 + compared))) : most
}

/** The statements of a query, and with how many values it compares each row. */
export interface VisitPlans extends Plans {
  readonly compared: number
}

/** The pairs of some owners. */
export interface PairsOfOwners {
  readonly key: string
  readonly pairs: () => PairTable
  readonly owners: readonly Id[]
}

/** How many rows a table has, or one more than it was counted to. */
interface Size {
  readonly changed: number
  readonly rows: number
}

/** Runs queries within the rows that they may visit: a few thousand in this turn, more beside the event loop. */
export class VisitingReads {
  readonly #connection: Connection
  readonly #changes: { changed(resource: Resource): number }
  readonly #scans: ScanStarter
  readonly #sizes = new Map<Resource, Size>()

  constructor(connection: Connection, changes: { changed(resource: Resource): number }, scans: ScanStarter) {
    this.#connection = connection
    this.#changes = changes
    this.#scans = scans
  }

  all(
    resource: Resource,
    { key, values }: StatementShape,
    plans: VisitPlans,
    asked: Visiting & { readonly visits?: Visits | undefined; readonly room?: Room | undefined },
  ): Maybe<Row[]> {
    const { visits, room } = asked
    if (visits === undefined) return this.#connection.cached(key, () => plans.make(false)).within(room, ...values)
    const statement = this.#connection.counted(`counted ${key}`, plans)
    if (!statement.isCounted) return statement.within(room, ...values)
    const scans = this.#scansFor(visits)
    if (typeof scans === 'object')
      return scans.all(statement, values, {
        most: visits.most,
        room,
        refusal: () => tooManyVisits(resource, asked, visits.most),
      })
    const allowed = allowedHere(visits, plans.compared, scans === 'elsewhere', statement.isScattered)
    try {
      const { uncounted } = statement
      if (uncounted !== null && this.#isSmall(resource, allowed, statement)) return uncounted.within(room, ...values)
      return this.#within(statement, values, allowed, room)
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error
      throw this.#refusal(resource, asked, visits, allowed)
    }
  }

  /** Counts up to what may be visited first: a limit of SQL costs less than a function that is called for each row. */
  counts(resource: Resource, { key, pairs, owners }: PairsOfOwners, visits?: Visits): Maybe<[Id, number][]> {
    if (owners.length === 0) return []
    const list = jsonList(owners)
    const statement = this.#connection.cached(`counts ${key}`, () => countPairs(pairs()))
    if (visits === undefined) return statement.all(list) as [Id, number][]
    const upTo = this.#connection.cached(`counts up to ${key}`, () => countPairsUpTo(pairs()))
    const scans = this.#scansFor(visits)
    if (typeof scans === 'object') {
      const { most } = visits
      const refusal = (): Error => tooManyVisits(resource, everyPair, most)
      return scans.all(upTo, [list, most + 1], { most, refusal }).then(rows => {
        if (countIn(rows) > most) throw refusal()
        return scans.all(statement, [list], { most, refusal }) as Promise<[Id, number][]>
      })
    }
    const allowed = allowedHere(visits, 0, scans === 'elsewhere')
    if (countIn(upTo.all(list, allowed + 1)) > allowed) throw this.#refusal(resource, everyPair, visits, allowed)
    return statement.all(list) as [Id, number][]
  }

  /** Pairs of some owners, by a statement that binds the owners and a limit. */
  pairs(resource: Resource, statement: Statement, owners: readonly Id[], visits: Visits): Maybe<[Id, Id][]> {
    const list = jsonList(owners)
    const { most } = visits
    const refusal = (allowed: number) => (): Error => this.#refusal(resource, everyPair, visits, allowed)
    const take = (rows: Row[], allowed: number): [Id, Id][] => {
      if (rows.length > allowed) throw refusal(allowed)()
      return rows as [Id, Id][]
    }
    const scans = this.#scansFor(visits)
    if (typeof scans === 'object')
      return scans.all(statement, [list, most + 1], { most, refusal: refusal(most) }).then(rows => take(rows, most))
    const allowed = allowedHere(visits, 0, scans === 'elsewhere')
    return take(statement.all(list, allowed + 1), allowed)
  }

  /** What has no account has to end here. */
  #scansFor({ account }: Visits): ScanStarter {
    return account === null ? 'here' : this.#scans
  }

  #refusal(resource: Resource, asked: Visiting, visits: Visits, allowed: number): Error {
    const { account, most } = visits
    return allowed < most && account !== null && this.#scans === 'elsewhere'
      ? new Elsewhere(account)
      : tooManyVisits(resource, asked, allowed)
  }

  /**
   * Whether a table has no more rows than may be visited. It is counted again after each change, if all of it is read
   * anyway: counting takes a tenth of that.
   */
  #isSmall(resource: Resource, allowed: number, { isScan }: Statement): boolean {
    const changed = this.#changes.changed(resource)
    let size = this.#sizes.get(resource)
    if (size?.changed !== changed) {
      if (!isScan) return false
      const counted = this.#connection.cached(`size ${resource.name}`, () =>
        countTableUpTo(resource.table, sqliteDialect),
      )
      size = { changed, rows: countIn(counted.all(IN_TURN + 1)) }
      this.#sizes.set(resource, size)
    }
    return size.rows <= Math.min(allowed, IN_TURN)
  }

  /**
   * Runs a statement within the rows that it may visit; throws `Exhausted` where that was not enough. If there are two plans, by
   * the index of the filter and by that of the order, nobody knows beforehand which of them finds a page sooner. So each gets
   * a small part first.
   */
  #within(statement: Statement, values: readonly Bind[], allowed: number, room: Room | undefined): Row[] {
    const { other, isScan } = statement
    if (other !== null && allowed > TRIED) {
      const tries = isScan ? [other] : [statement, other]
      for (const one of tries) {
        try {
          return this.#connection.metered(TRIED, () => one.within(room, ...values))
        } catch (error) {
          if (!(error instanceof Exhausted)) throw error
        }
      }
    }
    return this.#connection.metered(allowed, () => statement.within(room, ...values))
  }
}

/** What is asked of the pairs of owners: an index finds them. */
const everyPair: Visiting = { where: everything, sort: [] }

/** The answer to `select count(*)`. */
export const countIn = ([row]: readonly Row[]): number => row?.[0] as number
