import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { AnyResource } from '../../model/declare/declaration.ts'
import { FIRST, ID, type Id, type Resource, type Row, type Value } from '../../model/model.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import type { Predicate } from '../../query/predicate.ts'
import type { RowChange, Store, Transaction } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'

/**
 * Name and table of the internal resource for sessions. It is a resource so that sessions are in the log like everything else.
 */
export const sessionName = '_session'

/**
 * The sessions of a user resource. A reader of the table cannot use them to log in, because refresh tokens are stored as
 * hashes.
 */
function sessionResource(user: string): AnyResource {
  return resource(
    {
      id: t.id('text', { client: true }),
      user: t.one(user, { onDelete: 'cascade' }),
      /** SHA-256 of the current refresh token, and of the previous one. */
      hash: t.text().hidden(),
      previous: t.text().nullable().hidden(),
      /** Each refresh token is the HMAC of the previous one with this seed. A repeated request therefore gets the same answer. */
      seed: t.text().hidden(),
      /** A digest of the password with which the session began. The session ends when the password changes. */
      stamp: t.text().hidden(),
      scope: t.text(),
      /** Milliseconds since the epoch. */
      rotated: t.integer(),
      expires: t.integer().index(),
    },
    { path: null, title: 'RestuarySession', table: sessionName, readOnly: true },
  ).rules(() => ({}))
}

/** Adds sessions to the declarations, if a resource has a login. */
export function withSessions(resources: Readonly<Record<string, AnyResource>>): Readonly<Record<string, AnyResource>> {
  const users = Object.keys(resources).find(name => resources[name]!['~resource'].login !== undefined)
  return users === undefined ? resources : { ...resources, [sessionName]: sessionResource(users) }
}

/** A session. */
export interface Session {
  readonly id: string
  readonly user: Id
  readonly scope: string
}

/** A session as those see it who look after the server. */
export interface ListedSession extends Session {
  /** When it was last refreshed, and when it ends unless it is refreshed: milliseconds since the epoch. */
  readonly refreshed: number
  readonly expires: number
}

export interface SessionOptions {
  /** How many seconds a session lasts if it is not refreshed. */
  readonly seconds: number
  /** How many seconds the previous refresh token is still answered. */
  readonly grace: number
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
}

/** The result of using a refresh token. `reused` ended the session, because somebody else also has the token. */
export type Rotation =
  | { readonly kind: 'rotated'; readonly session: Session; readonly refresh: string }
  | { readonly kind: 'refused' | 'reused' }

/** Reads and writes sessions in the store. */
export interface Sessions {
  readonly resource: Resource
  open(user: Row, stamp: string, scope: string): Promise<{ session: Session; refresh: string }>
  /** Exchanges a refresh token for the next one (RFC 9700 §4.14.2). `stampOf` makes the stamp of the user's present password. */
  rotate(refresh: string, users: Resource, stampOf: (user: Row) => string): Promise<Rotation>
  /** The sessions that were refreshed last. */
  list(most: number): Promise<ListedSession[]>
  end(id: string): Promise<void>
  /** Lets the session last for its whole time again, from now on. */
  extend(id: string): Promise<void>
  /** Ends all sessions of a user except one. */
  endAll(user: Id, except?: string): Promise<void>
  /** Gives another stamp to the sessions of a user. The password is the same, but its hash has changed. */
  restamp(tx: Transaction, user: Id, from: string, to: string): Work<RowChange[]>
  userOf(row: Row): Id
  stampOf(row: Row): string
  expiresOf(row: Row): number
}

export function sessionsOf(store: Store, sessions: Resource, options: SessionOptions): Sessions {
  const { clock, random } = options
  const slot = (name: string): number => (sessions.field.get(name) as { slot?: number } | undefined)!.slot!
  const [USER, HASH, PREVIOUS, SEED, STAMP, SCOPE, ROTATED, EXPIRES] = (
    ['user', 'hash', 'previous', 'seed', 'stamp', 'scope', 'rotated', 'expires'] as const
  ).map(slot) as [number, number, number, number, number, number, number, number]
  const sessionIn = (row: Row): Session => ({
    id: row[ID] as string,
    user: row[USER] as Id,
    scope: row[SCOPE] as string,
  })
  const text = (bytes: number): string => Buffer.from(random(bytes)).toString('base64url')

  const patch = (row: Row, values: readonly (readonly [number, Value])[]): RowChange => {
    const after = row.slice()
    for (const [at, value] of values) after[at] = value
    const changed = values.map(([at]) => at)
    return { resource: sessions, id: row[ID] as Id, op: 'patch', before: row, after, changed, lists: [] }
  }
  const removal = (row: Row): RowChange => {
    return { resource: sessions, id: row[ID] as Id, op: 'delete', before: row, after: null, changed: [], lists: [] }
  }
  function* select(tx: Transaction, where: Predicate, limit: number | null): Work<Row[]> {
    return yield* wait(tx.select(sessions, { where, sort: [], limit, offset: 0, cursor: null }))
  }
  const ofUser = (user: Id): Predicate => ({ kind: 'compare', op: 'eq', field: 'user', value: user })

  return {
    resource: sessions,
    async open(user, stamp, scope) {
      const id = text(16)
      const refresh = `${id}.${text(32)}`
      const now = clock()
      const row: Row = Array.from<Value>({ length: FIRST + sessions.columns.length - 1 }).fill(null)
      row[ID] = id
      row[1] = row[2] = 0
      row[USER] = user[ID]!
      row[HASH] = digest(refresh)
      row[SEED] = text(16)
      row[STAMP] = stamp
      row[SCOPE] = scope
      row[ROTATED] = now
      row[EXPIRES] = now + options.seconds * 1000
      await store.write(function* (tx) {
        // Each login deletes a few old sessions, so that those that nobody ended do not fill the table.
        const old = yield* select(tx, { kind: 'compare', op: 'lt', field: 'expires', value: now }, 10)
        const begun: RowChange = {
          resource: sessions,
          id,
          op: 'create',
          before: null,
          after: row.slice(),
          changed: [],
          lists: [],
        }
        yield* wait(tx.apply([...old.map(removal), begun], []))
      })
      return { session: sessionIn(row), refresh }
    },

    rotate: (refresh, users, stampOf) =>
      store.write<Rotation>(function* (tx) {
        const id = /^([\w-]{22})\.[\w-]{43}$/.exec(refresh)?.[1]
        const row = id === undefined ? undefined : yield* wait(tx.get(sessions, id))
        const now = clock()
        if (!row || (row[EXPIRES] as number) <= now) return { kind: 'refused' }
        const user = yield* wait(tx.get(users, row[USER] as Id))
        if (!user || stampOf(user) !== row[STAMP]) {
          yield* wait(tx.apply([removal(row)], []))
          return { kind: 'refused' }
        }
        const given = digest(refresh)
        const next = `${id}.${createHmac('sha256', row[SEED] as string)
          .update(refresh)
          .digest('base64url')}`
        if (isSame(given, row[HASH] as string)) {
          const change = patch(row, [
            [HASH, digest(next)],
            [PREVIOUS, given],
            [ROTATED, now],
            [EXPIRES, now + options.seconds * 1000],
          ])
          yield* wait(tx.apply([change], []))
          return { kind: 'rotated', session: sessionIn(row), refresh: next }
        }
        const isRepeated = row[PREVIOUS] !== null && isSame(given, row[PREVIOUS] as string)
        if (isRepeated && now - (row[ROTATED] as number) < options.grace * 1000)
          return { kind: 'rotated', session: sessionIn(row), refresh: next }
        yield* wait(tx.apply([removal(row)], []))
        return { kind: 'reused' }
      }),

    list: async most => {
      const where: Predicate = { kind: 'compare', op: 'gt', field: 'expires', value: clock() }
      const sort = [{ path: ['rotated'], descending: true }]
      const rows = await store.read(function* (snapshot) {
        return yield* wait(snapshot.select(sessions, { where, sort, limit: most, offset: 0, cursor: null }))
      })
      return rows.map(row => ({
        ...sessionIn(row),
        refreshed: row[ROTATED] as number,
        expires: row[EXPIRES] as number,
      }))
    },

    end: id =>
      store.write(function* (tx) {
        const row = yield* wait(tx.get(sessions, id))
        if (row) yield* wait(tx.apply([removal(row)], []))
      }),

    extend: id =>
      store.write(function* (tx) {
        const row = yield* wait(tx.get(sessions, id))
        if (row) yield* wait(tx.apply([patch(row, [[EXPIRES, clock() + options.seconds * 1000]])], []))
      }),

    endAll: (user, except) =>
      store.write(function* (tx) {
        const rows = (yield* select(tx, ofUser(user), null)).filter(row => row[ID] !== except)
        if (rows.length > 0) yield* wait(tx.apply(rows.map(removal), []))
      }),

    *restamp(tx, user, from, to) {
      const rows = yield* select(tx, ofUser(user), null)
      return rows.filter(row => row[STAMP] === from).map(row => patch(row, [[STAMP, to]]))
    },

    userOf: row => row[USER] as Id,
    stampOf: row => row[STAMP] as string,
    expiresOf: row => row[EXPIRES] as number,
  }
}

/** What a session remembers of the stored password. */
export function stampOf(stored: string | null): string {
  return digest(stored ?? '').slice(0, 22)
}

/** SHA-256. It is enough for tokens, which contain 256 random bits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  return one.length === other.length && timingSafeEqual(one, other)
}
