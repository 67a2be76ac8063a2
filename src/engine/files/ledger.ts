import { ApiError } from '../../protocol/error.ts'
import type { AnyResource } from '../../model/declare/declaration.ts'
import { ModelError } from '../../model/link/faults.ts'
import { AT, FIRST, ID, SEQ, type Model, type Resource, type Row, type ScalarField } from '../../model/model.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import type { StoredFile } from '../../schema/file.ts'
import type { RowChange } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Instance, UnitOfWork } from '../write/unit-of-work.ts'

/** Name and table of the ledger: an internal resource that lists the files that belong to no row. */
const ledgerName = '_file'

/** Slot of the time, in milliseconds since 1970, from which the bytes may be removed. */
const DUE = FIRST

/** Milliseconds that an upload may take, from its first byte to the commit of its row. */
export const LEASE = 3_600_000
/**
 * Milliseconds before the end of the lease in which a commit is refused. A later one could race with the clean-up, which would
 * remove the bytes of the new row.
 */
const MARGIN = 60_000

/**
 * Adds the ledger of files to the declarations if any of them has a file field. The key of a file is entered before its first
 * byte is stored, and removed by the commit of the row that gets the file. If a row loses a file, the same commit enters its
 * key. So after a crash at any point, every file that is in no row is in the ledger and will be removed.
 */
export function withFiles(resources: Readonly<Record<string, AnyResource>>): Readonly<Record<string, AnyResource>> {
  const hold = Object.values(resources).some(one =>
    Object.values(one['~resource'].fields).some(field => field.is === 'scalar' && field.file),
  )
  if (!hold) return resources
  if (Object.hasOwn(resources, ledgerName))
    throw new ModelError([{ place: ledgerName, problem: 'is a name of files', fix: 'call the resource otherwise' }])
  return { ...resources, [ledgerName]: ledgerResource() }
}

function ledgerResource(): AnyResource {
  return resource(
    { id: t.id('text', { client: true }), due: t.integer().index() },
    { path: null, title: 'RestuaryFile', table: ledgerName, readOnly: true },
  ).rules(() => ({}))
}

/** The ledger of a model; null where no resource has files. */
export function ledgerOf(model: Model): Resource | null {
  return model.resources.get(ledgerName) ?? null
}

/** The file fields of each resource: computed once, because every write asks. */
const known = new WeakMap<Resource, readonly ScalarField[]>()

/** The file fields of a resource. */
export function fileFields(of: Resource): readonly ScalarField[] {
  let fields = known.get(of)
  if (!fields) {
    fields = of.fields.filter((field): field is ScalarField => field.is === 'scalar' && field.def.file !== undefined)
    known.set(of, fields)
  }
  return fields
}

/** The change that enters a key into the ledger, or sets a new due time for an entry. */
export function entering(ledger: Resource, key: string, due: number, before: Row | null = null): RowChange {
  const after: Row = before?.slice() ?? []
  after[ID] = key
  after[SEQ] = 0
  after[AT] = 0
  after[DUE] = due
  const op = before ? 'patch' : 'create'
  return { resource: ledger, id: key, op, before, after, changed: before ? [DUE] : [], lists: [] }
}

/** The change that removes an entry. */
export function striking(ledger: Resource, row: Row): RowChange {
  return { resource: ledger, id: row[ID] as string, op: 'delete', before: row, after: null, changed: [], lists: [] }
}

function dueOf(row: Row): number {
  return row[DUE] as number
}

/** Updates the ledger for all rows that a unit of work changed. */
export function* settleLedger(unit: UnitOfWork, ledger: Resource): Work<void> {
  for (const instance of unit.touched)
    for (const field of fileFields(instance.resource)) {
      const was = (instance.before?.[field.slot] ?? null) as StoredFile | null
      const is = instance.deleted ? null : (instance.row[field.slot] as StoredFile | null)
      if (was?.version === is?.version) continue
      if (was) enter(unit, ledger, was.version)
      if (is) yield* strike(unit, ledger, is.version)
    }
}

function enter(unit: UnitOfWork, ledger: Resource, key: string): void {
  const entry = unit.create(ledger, key)
  // A file that a row loses is due at once.
  entry.row[DUE] = unit.ctx.now
  entry.implied = true
}

function* strike(unit: UnitOfWork, ledger: Resource, key: string): Work<void> {
  const entry: Instance | null = yield* unit.get(ledger, key)
  if (!entry || dueOf(entry.row) - unit.ctx.now < MARGIN)
    throw new ApiError('unavailable', { detail: 'the upload took too long; send it again' })
  entry.deleted = true
  entry.implied = true
  unit.touch(entry)
}
