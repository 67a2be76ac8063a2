import { AT, FIRST, ID, SEQ, type Field, type Id, type Join, type Resource, type Row } from '../../model/model.ts'
import type { Ctx } from '../../schema/field.ts'
import { appliedWithinLimits } from '../../store/ephemeral/limits.ts'
import { signed } from '../../store/signature.ts'
import type { LinkChange, ListDelta, RowChange, Transaction } from '../../store/store.ts'
import { chain, ready, wait, type Work } from '../../store/work.ts'
import { hashPasswordSync } from '../../auth/login/password.ts'
import { ApiError } from '../../protocol/error.ts'
import type { InputMode } from '../../schema/read/input-mode.ts'
import type { Permissions } from '../rules/permissions.ts'

/** A row in a unit of work. */
export interface Instance {
  readonly resource: Resource
  readonly id: Id
  /** The row as it is stored; null if the unit creates it. */
  readonly before: Row | null
  /** The row as it will be. */
  readonly row: Row
  /** Pointer to the object in the body that creates the row; `#` for all other rows. */
  readonly place: string
  deleted: boolean
  /** The row is deleted or unlinked only because something else was deleted. Its own rules are not asked then. */
  implied: boolean
  /** The fields that the caller set. */
  readonly given: Field[]
  /** Slots of a new row that the database fills; null until there are any. */
  filled: number[] | null
  /** Ids that were added to or removed from its to-many relations, by field name. */
  deltas: ReadonlyMap<string, Delta>
}

export interface Delta {
  readonly field: Field
  readonly added: Set<Id>
  readonly removed: Set<Id>
}

export interface PendingPassword {
  readonly row: Row
  readonly slot: number
  readonly password: string
}

/** Supplies the id of a new row if the client does not choose it. */
export type NewId = (unit: UnitOfWork, resource: Resource) => Work<Id>

/** For whom and when a unit works, and how strictly it reads input. */
export interface UnitOfWorkOptions {
  readonly ctx: Ctx
  readonly mode: InputMode
  readonly strict: boolean
  /** Unknown members of bodies are ignored. */
  readonly lenient: boolean
  readonly permissions: Permissions
  readonly newId: NewId
  /** The hashes of the passwords that the first run found; null in the first run. */
  readonly hashes: ReadonlyMap<string, string> | null
  /** The unit is part of a transaction that can wait for promises. */
  readonly waits: boolean
  /** The unit works for the application itself and has no limits. */
  readonly isUnbounded: boolean
  /** How many rows it may create, nested ones included. */
  readonly mostNew: number
  /** The ledger of files; null if no resource has any. */
  readonly ledger: Resource | null
  /** Who writes, and under which idempotency key; null if that is not known. */
  readonly signature: string | null
  /** Finds out whom new ephemeral rows count for; null = nobody. */
  readonly account: (() => string) | null
}

/**
 * The unit of work of one request. It holds each row once and collects all changes, then hands them to the store together. So
 * both sides of a relation always agree.
 */
export class UnitOfWork {
  readonly tx: Transaction
  readonly ctx: Ctx
  readonly mode: InputMode
  readonly strict: boolean
  readonly lenient: boolean
  readonly permissions: Permissions
  readonly ledger: Resource | null
  readonly waits: boolean
  readonly isUnbounded: boolean
  readonly newId: NewId
  /** Passwords that were set but not hashed yet; null = none. */
  unhashed: PendingPassword[] | null = null
  readonly #mostNew: number
  #created = 0
  /** The conflict with a row that has the id of a new one; null = none. */
  taken: ApiError | null = null
  readonly #hashes: ReadonlyMap<string, string> | null
  readonly #signature: string | null
  readonly #account: UnitOfWorkOptions['account']
  /** The rows that were loaded or created; null for an id that does not exist. */
  readonly #known = new Map<Resource, Map<Id, Instance | null>>()
  readonly #touched = new Set<Instance>()
  /** The rows that the unit creates, changes, deletes or links, in the order in which they were first changed. */
  readonly touched: ReadonlySet<Instance> = this.#touched
  /** Changed many-to-many links; null until there are any, because most units have none. */
  #links: Map<string, LinkChange> | null = null

  constructor(tx: Transaction, options: UnitOfWorkOptions) {
    this.tx = tx
    this.ctx = options.ctx
    this.mode = options.mode
    this.strict = options.strict
    this.lenient = options.lenient
    this.permissions = options.permissions
    this.ledger = options.ledger
    this.waits = options.waits
    this.isUnbounded = options.isUnbounded
    this.#mostNew = options.mostNew
    this.#signature = options.signature
    this.#account = options.account
    this.newId = options.newId
    this.#hashes = options.hashes
  }

  /** A row; null if it does not exist or the unit has deleted it. */
  get(resource: Resource, id: Id): Work<Instance | null> {
    const rows = this.#rows(resource)
    const instance = rows.get(id)
    if (instance !== undefined) return ready(instance?.deleted ? null : instance)
    return wait(
      chain(this.tx.get(resource, id), row => {
        const loaded = row ? instanceOf(resource, row.slice(), row) : null
        rows.set(id, loaded)
        return loaded
      }),
    )
  }

  /** Those of the rows that exist. The ones that are not loaded yet are loaded with one query. */
  *many(resource: Resource, ids: readonly Id[]): Work<Instance[]> {
    const rows = this.#rows(resource)
    const missing = ids.filter(id => !rows.has(id))
    if (missing.length) {
      // Ids that the store does not return are known to be absent, and are not asked for again.
      for (const id of missing) rows.set(id, null)
      for (const row of yield* wait(this.tx.many(resource, missing)))
        rows.set(row[ID] as Id, instanceOf(resource, row.slice(), row))
    }
    return ids.map(id => rows.get(id)).filter(instance => instance && !instance.deleted) as Instance[]
  }

  /** Adds a new row that has nothing but its id. Throws ApiError `too_many_items`. */
  create(resource: Resource, id: Id, place: string = '#'): Instance {
    if (resource !== this.ledger && ++this.#created > this.#mostNew)
      throw new ApiError('too_many_items', { detail: `at most ${this.#mostNew} new rows in one request` })
    const row: Row = []
    row[ID] = id
    row[SEQ] = 0
    row[AT] = 0
    for (let i = 1; i < resource.columns.length; i++) row.push(null)
    const instance = instanceOf(resource, row, null, place)
    this.#rows(resource).set(id, instance)
    this.#touched.add(instance)
    return instance
  }

  /** The rows of a resource that the unit already holds. */
  *loaded(resource: Resource): Generator<Instance, void> {
    for (const instance of this.#rows(resource).values()) if (instance) yield instance
  }

  /** Sets a password. Until its hash is known, the row holds an empty text, which no password matches. */
  setPassword({ row }: Instance, slot: number, password: string): void {
    if (this.#hashes === null) {
      row[slot] = ''
      ;(this.unhashed ??= []).push({ row, slot, password })
    } else {
      // A default that generates passwords has generated a different one than in the first run.
      row[slot] = this.#hashes.get(password) ?? hashPasswordSync(password)
    }
  }

  touch(instance: Instance): void {
    this.#touched.add(instance)
  }

  /** Records that an id was added to or removed from a to-many relation of a row, or the other side of a one-to-one. */
  record(owner: Instance, field: Field, id: Id, joined: boolean): void {
    let delta = owner.deltas.get(field.name)
    if (!delta) {
      delta = { field, added: new Set(), removed: new Set() }
      owner.deltas = new Map(owner.deltas).set(field.name, delta)
    }
    const [to, from] = joined ? [delta.added, delta.removed] : [delta.removed, delta.added]
    // Adding what was removed before, or the reverse, cancels out.
    if (!from.delete(id)) to.add(id)
    this.#touched.add(owner)
  }

  /** The links of a join that the unit adds or removes. */
  *links(join: Join): Generator<LinkChange, void> {
    for (const change of this.#links?.values() ?? []) if (change.join === join) yield change
  }

  link(change: LinkChange): void {
    const key = `${change.join.table}\n${typeof change.a}${change.a}\n${typeof change.b}${change.b}`
    const links = (this.#links ??= new Map())
    const earlier = links.get(key)
    // Adding what was removed before, or the reverse, cancels out.
    if (earlier && earlier.op !== change.op) links.delete(key)
    else links.set(key, change)
  }

  /** Whether the unit creates the row or changes a stored field of it, and does not delete it. */
  isChanged({ deleted, before, row }: Instance): boolean {
    if (deleted || !before) return !deleted
    for (let slot = FIRST; slot < row.length; slot++) if (!equal(before[slot], row[slot])) return true
    return false
  }

  /** Hands all changes to the store. */
  flush(): Work<void> {
    const changes: RowChange[] = []
    for (const instance of this.#touched) {
      const change = changeOf(instance, this.#account)
      if (change) changes.push(change)
    }
    const links = [...(this.#links?.values() ?? [])]
    return appliedWithinLimits(this.tx, signed(changes, this.#signature), links, this.ctx.now)
  }

  #rows(resource: Resource): Map<Id, Instance | null> {
    let rows = this.#known.get(resource)
    if (!rows) this.#known.set(resource, (rows = new Map()))
    return rows
  }
}

const noDeltas: ReadonlyMap<string, Delta> = new Map()

function instanceOf(resource: Resource, row: Row, before: Row | null, place: string = '#'): Instance {
  return {
    resource,
    id: row[ID] as Id,
    before,
    row,
    place,
    deleted: false,
    implied: false,
    given: [],
    filled: null,
    deltas: noDeltas,
  }
}

/** The slots of stored fields whose value differs from the stored one. */
export function changedSlots(instance: Instance): number[] {
  const { before, row } = instance
  const slots: number[] = []
  if (before) for (let slot = FIRST; slot < row.length; slot++) if (!equal(before[slot], row[slot])) slots.push(slot)
  return slots
}

function changeOf(instance: Instance, account: UnitOfWorkOptions['account']): RowChange | null {
  const { resource, id, before, row } = instance
  const lists = instance.deltas === noDeltas ? [] : listsOf(instance)
  if (instance.deleted)
    return before && { resource, id, op: 'delete', before, after: null, changed: [], lists: pairsOf(lists, resource) }
  if (!before) {
    let create: RowChange = { resource, id, op: 'create', before: null, after: row, changed: [], lists }
    if (instance.filled !== null) create = { ...create, filled: instance.filled }
    return account && resource.options.ephemeral ? { ...create, account: account() } : create
  }
  const changed = changedSlots(instance)
  if (changed.length === 0 && lists.length === 0) return null
  return { resource, id, op: 'patch', before, after: row, changed, lists }
}

/** The list changes that are logged for a deleted row: only many-to-many links. No other record tells who was linked to it. */
function pairsOf(lists: ListDelta[], resource: Resource): ListDelta[] {
  return lists.filter(({ field }) => resource.field.get(field)?.is === 'many')
}

function listsOf(instance: Instance): ListDelta[] {
  const lists: ListDelta[] = []
  for (const { field, added, removed } of instance.deltas.values())
    if (added.size || removed.size) lists.push({ field: field.name, added: [...added], removed: [...removed] })
  return lists
}

/** Compares canonical values deeply; the order of members does not matter. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]))
  if (Array.isArray(b)) return false
  const x = a as Readonly<Record<string, unknown>>
  const y = b as Readonly<Record<string, unknown>>
  const keys = Object.keys(x)
  return keys.length === Object.keys(y).length && keys.every(key => Object.hasOwn(y, key) && equal(x[key], y[key]))
}
