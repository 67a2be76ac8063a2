import { createHash } from 'node:crypto'
import { canonicalJson } from '../../protocol/canonical-json.ts'
import {
  AT,
  ID,
  SEQ,
  type Id,
  type Join,
  type Model,
  type OneField,
  type Resource,
  type Row,
} from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import type { RowChange, Store } from '../store.ts'
import { wait } from '../work.ts'

/** How many rows are read and written at a time. */
const PAGE = 1_000
/** The key under which the target keeps that it is being filled. */
const MARK = 'restuary copy'
const FOREVER = 2 ** 52

/** Thrown if a store cannot be copied, or the copy is not the same. */
export class CopyFault extends Error {
  override readonly name = 'CopyFault'
}

export interface CopyOptions {
  /** The model for which both stores are open. */
  readonly model: Model
  readonly from: Store
  readonly to: Store
  /** Receives what was done, line by line. */
  readonly report: (line: string) => void
}

/**
 * Copies all rows and links to an empty store, and compares both at the end. If it ends early, it goes on where it was when it is
 * called again. Positions begin anew in the target, which knows nothing of earlier versions. Throws CopyFault.
 */
export async function copyStore(options: CopyOptions): Promise<void> {
  const { from, to, report } = options
  const resources = ordered(options.model)
  await begin(options, resources)
  const position = await positionOf(from)
  const late = new Map<Resource, readonly OneField[]>()
  const done = new Set<Resource>()
  for (const resource of resources) {
    late.set(
      resource,
      referencesOf(resource).filter(field => !done.has(field.target)),
    )
    await copyRows(options, resource, late.get(resource)!)
    done.add(resource)
  }
  for (const [resource, fields] of late) if (fields.length > 0) await refer(options, resource, fields)
  for (const join of options.model.joins)
    if (isCopied(join.a.resource) && isCopied(join.b.resource)) await copyLinks(options, join)
  if ((await positionOf(from)) !== position)
    throw new CopyFault('the source was written to meanwhile; stop what writes, empty the target, and copy again')
  for (const resource of resources) {
    const [source, copy] = [await digestOf(from, resource, options.model), await digestOf(to, resource, options.model)]
    if (source.digest !== copy.digest)
      throw new CopyFault(`${resource.name}: the copy has other rows than the source; empty the target, and copy again`)
    report(`${resource.name}: ${source.count} rows, digest ${source.digest.slice(0, 16)}`)
  }
  await mark(to, '', 0)
}

const isCopied = ({ options }: Resource): boolean => options.foreign === null && options.ephemeral === null

/** References that are stored, to rows that are copied. */
const referencesOf = (resource: Resource): OneField[] =>
  resource.columns.filter((field): field is OneField => field.is === 'one' && isCopied(field.target))

/** Resources in an order in which most rows come after those that they refer to. */
function ordered(model: Model): Resource[] {
  const found = new Set<Resource>()
  const entered = new Set<Resource>()
  const visit = (resource: Resource): void => {
    if (entered.has(resource)) return
    entered.add(resource)
    // What may be null can be filled in later.
    for (const field of referencesOf(resource).toSorted((a, b) => Number(a.nullable) - Number(b.nullable)))
      visit(field.target)
    found.add(resource)
  }
  for (const resource of model.resources.values()) if (isCopied(resource)) visit(resource)
  return [...found]
}

/** Makes sure that the target is empty, or was begun to be filled before. */
async function begin({ to }: CopyOptions, resources: readonly Resource[]): Promise<void> {
  const isBegun = await to.write(function* (tx) {
    return (yield* wait(tx.recall(MARK))) === 'begun'
  })
  if (!isBegun)
    for (const resource of resources) {
      const [row] = await page(to, resource, null, 1)
      if (row) throw new CopyFault(`the target has rows of ${resource.name} already; name an empty database`)
    }
  await mark(to, 'begun', FOREVER)
}

const mark = (store: Store, text: string, until: number): Promise<void> =>
  store.write(function* (tx) {
    yield* wait(tx.keep(MARK, text, until))
  })

async function positionOf(store: Store): Promise<number> {
  // oxlint-disable-next-line require-yield -- a read that needs nothing but its snapshot
  return store.read(function* (snapshot) {
    return snapshot.position
  })
}

/** The rows after an id, in ascending order of id. */
async function page(store: Store, resource: Resource, after: Id | null, limit: number = PAGE): Promise<Row[]> {
  const cursor = after === null ? null : { before: false, keys: [after] }
  return store.read(function* (snapshot) {
    return yield* wait(snapshot.select(resource, { where: everything, sort: [], limit, offset: 0, cursor }))
  })
}

async function* pages(store: Store, resource: Resource, after: Id | null = null): AsyncGenerator<Row[], void> {
  for (let last = after; ;) {
    const rows = await page(store, resource, last)
    if (rows.length === 0) return
    yield rows
    last = rows.at(-1)![ID] as Id
  }
}

/** Copies rows in the order of their ids. References to rows that are not there yet stay empty. */
async function copyRows(
  { from, to, report }: CopyOptions,
  resource: Resource,
  late: readonly OneField[],
): Promise<void> {
  const [newest] = await to.read(function* (snapshot) {
    const sort = [{ path: [resource.id.name], descending: true }]
    return yield* wait(snapshot.select(resource, { where: everything, sort, limit: 1, offset: 0, cursor: null }))
  })
  let count = 0
  for await (const rows of pages(from, resource, newest === undefined ? null : (newest[ID] as Id))) {
    const copies = rows.map(row => row.slice())
    for (const row of copies) for (const field of late) leaveOut(row, field)
    await to.load(resource, copies)
    report(`${resource.name}: ${(count += rows.length)} rows copied`)
  }
}

function leaveOut(row: Row, { slot, nullable, owner, name }: OneField): void {
  if (row[slot] === null) return
  if (!nullable)
    throw new CopyFault(
      `${owner.name}.${name} must refer to a row, and leads back to itself; make it nullable for the copy`,
    )
  row[slot] = null
}

/** Fills in the references that were left empty. */
async function refer({ from, to }: CopyOptions, resource: Resource, fields: readonly OneField[]): Promise<void> {
  for await (const rows of pages(from, resource)) {
    await to.write(function* (tx) {
      const copies = new Map((yield* wait(tx.many(resource, idsOf(rows)))).map(row => [row[ID], row]))
      const changes = rows.flatMap((row): RowChange[] => {
        const before = copies.get(row[ID])
        const changed = fields
          .map(({ slot }) => slot)
          .filter(slot => before !== undefined && before[slot] !== row[slot])
        if (before === undefined || changed.length === 0) return []
        return [{ resource, id: row[ID] as Id, op: 'patch', before, after: row.slice(), changed, lists: [] }]
      })
      if (changes.length > 0) yield* wait(tx.apply(changes, []))
    })
  }
}

const idsOf = (rows: readonly Row[]): Id[] => rows.map(row => row[ID] as Id)

async function copyLinks({ from, to, report }: CopyOptions, join: Join): Promise<void> {
  let count = 0
  for await (const rows of pages(from, join.a.resource)) {
    const links = await from.read(function* (snapshot) {
      return yield* wait(snapshot.pairs(join, 'a', idsOf(rows), null))
    })
    if (links.length === 0) continue
    await to.loadPairs(join, links)
    report(`${join.table}: ${(count += links.length)} links copied`)
  }
}

/** A digest of all rows and links of a resource, without their versions. */
async function digestOf(store: Store, resource: Resource, model: Model): Promise<{ count: number; digest: string }> {
  const hash = createHash('sha256')
  const joins = model.joins.filter(({ a, b }) => a.resource === resource && isCopied(b.resource))
  let count = 0
  for await (const rows of pages(store, resource)) {
    count += rows.length
    for (const row of rows) hash.update(canonicalJson(row.filter((_, slot) => slot !== SEQ && slot !== AT)))
    for (const join of joins) {
      const links = await store.read(function* (snapshot) {
        return yield* wait(snapshot.pairs(join, 'a', idsOf(rows), null))
      })
      hash.update(canonicalJson(links))
    }
  }
  return { count, digest: hash.digest('hex') }
}
