import { ID, type Id, type Resource, type Row } from '../../../model/model.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Layout, Layouts } from '../../sql/layout.ts'
import type { RowChange } from '../../store.ts'
import type { Connection } from '../connection.ts'
import { readChangeset, type ChangedRow } from './changeset.ts'
import { storedRow } from './stored-row.ts'

/** A table whose rows others may change, and the names of its columns as changesets have them. */
interface Followed {
  readonly layout: Layout
  readonly columns: readonly string[]
}

/**
 * Finds what triggers and foreign keys change in tables of other programs, beside what a unit of work writes itself. SQLite
 * records it in a session, which exists only while tables are written that have such effects.
 */
export class SideEffects {
  readonly #connection: Connection
  readonly #followed: ReadonlyMap<string, Followed>
  readonly #layouts: Layouts
  readonly #own: ReadonlySet<string>
  /** Rows of our own tables have changed, which have no versions beside them that could tell it. */
  #unrecorded = false
  readonly #get: (resource: Resource, id: Id) => Row | undefined

  constructor(connection: Connection, layouts: Layouts, get: (resource: Resource, id: Id) => Row | undefined) {
    this.#connection = connection
    this.#layouts = layouts
    this.#get = get
    const own = [...layouts.values()].filter(({ baseline }) => baseline === null)
    this.#own = new Set(own.map(({ resource }) => resource.table))
    // Generated columns are no part of a changeset.
    const columns = connection.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid')
    this.#followed = new Map(
      [...layouts.values()]
        .filter(({ baseline, resource }) => baseline !== null && resource.options.foreign?.derived !== true)
        .map(layout => [
          layout.resource.table,
          { layout, columns: columns.all(layout.resource.table).map(([name]) => name as string) },
        ]),
    )
  }

  /** Writes changes, and returns what happened besides, as changes without a version. */
  of(changes: readonly RowChange[], write: () => void): RowChange[] {
    if (!changes.some(({ resource }) => this.#layouts.get(resource)!.hasEffects)) {
      write()
      return []
    }
    const session = this.#connection.db.createSession()
    let changeset: Uint8Array
    try {
      write()
      changeset = session.changeset()
    } finally {
      session.close()
    }
    return readChangeset(changeset).flatMap(row => this.#changeOf(row) ?? [])
  }

  /** Whether there were changes since the last call that no record can tell. */
  takeUnrecorded(): boolean {
    const was = this.#unrecorded
    this.#unrecorded = false
    return was
  }

  #changeOf(row: ChangedRow): RowChange | null {
    if (!row.isIndirect) return null
    const followed = this.#followed.get(row.table)
    if (followed === undefined) {
      this.#unrecorded ||= this.#own.has(row.table)
      return null
    }
    const { layout, columns } = followed
    const { resource } = layout
    const common = { resource, lists: [], op: row.op }
    if (row.op === 'delete') {
      const before = this.#decode(followed, row.before)
      return { ...common, id: before[ID] as Id, before, after: null, changed: [] }
    }
    const id = this.#decode(followed, row.op === 'create' ? row.after : row.before)[ID] as Id
    const stored = this.#get(resource, id)
    if (stored === undefined) return null
    const after = stored.slice()
    if (row.op === 'create') return { ...common, id, before: null, after, changed: [] }
    const former = this.#decode(followed, row.before)
    const before = stored.slice()
    const changed = resource.columns.filter(({ column }) => row.after[columns.indexOf(column)] !== undefined)
    const slots = changed.map(field => field.slot).filter(slot => slot !== ID)
    for (const slot of slots) before[slot] = former[slot]!
    return { ...common, id, before, after, changed: slots }
  }

  /** A row from the values of its columns, read as if they were in the table. */
  #decode({ layout, columns }: Followed, values: ChangedRow['before']): Row {
    const binds = values.map((value): Bind => value ?? null)
    return storedRow(this.#connection, layout, columns, binds)
  }
}
