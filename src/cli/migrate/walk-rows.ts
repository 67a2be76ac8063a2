import { database } from '../../engine/call/database.ts'
import type { Engine } from '../../engine/engine.ts'
import { readRow } from '../../engine/read/row-for-functions.ts'
import { ID, type Id, type Resource } from '../../model/model.ts'
import type { Database } from '../../model/rules/operations.ts'
import type { OfflineApi } from '../../assemble-engine.ts'
import { ApiError } from '../../protocol/error.ts'
import { everything } from '../../query/predicate.ts'
import { isEphemeral } from '../../store/ephemeral/sides.ts'
import type { DataMark, EngineStep, EngineWalk } from '../../store/migrate/data-step.ts'
import { MigrationRefused } from '../../store/migrate/migrations.ts'
import type { Transaction } from '../../store/store.ts'
import { wait } from '../../store/work.ts'

/** What is kept with the rows of a batch, in their transaction. */
interface Kept extends Pick<DataMark, 'last' | 'done'> {
  readonly isEnded?: true
}

/** Time enough to note elsewhere that a step has ended, in milliseconds. */
const DAY = 86_400_000
const FOR_EVER = Number.MAX_SAFE_INTEGER
const unrelated: ReadonlyMap<string, readonly Id[]> = new Map()

/**
 * Goes through the rows of a data step, batch by batch, and has the engine make the changes. A batch is one transaction, in which
 * it is kept how far the step has come. Several processes may share the work.
 *
 * @throws {MigrationRefused} if a change is refused. The batches before it stay.
 */
export async function walkRows(
  { engine, store }: OfflineApi,
  step: EngineStep,
  { mark, keep, told }: Parameters<EngineWalk>[0],
): Promise<void> {
  const resource = engine.model.resources.get(step.resource)
  if (resource === undefined || isEphemeral(resource))
    throw new MigrationRefused(`The database keeps no rows of ${step.resource}: name a resource of the declaration`)
  const key = `data step ${mark.run!}`
  const change = mark.way === 'back' ? step.back! : step.change
  const total = await store.read(snapshot => wait(snapshot.count(resource, everything)))
  const nextBatch = (): Promise<Kept> =>
    store.transaction(async tx => {
      const before: Kept = readKept(await tx.recall(key)) ?? mark
      if (before.isEnded === true) return before
      const ids = await nextIds(tx, resource, before.last, step.batch)
      const db = operationsIn(tx, engine)
      for (const id of ids) await changeRow({ tx, db, resource, id, change })
      const { last, done } = before
      const now: Kept =
        ids.length === 0 ? { last, done, isEnded: true } : { last: ids.at(-1)!, done: done + ids.length }
      await tx.keep(key, JSON.stringify(now), now.isEnded === true ? engine.clock() + DAY : FOR_EVER)
      return now
    })
  for (;;) {
    const { last, done, isEnded } = await nextBatch().catch(refuseBatch)
    if (isEnded === true) return
    await keep({ ...mark, last, done })
    told({ done, total: Math.max(total, done) })
  }
}

function refuseBatch(error: unknown): never {
  if (!(error instanceof ApiError)) throw error
  throw new MigrationRefused(`A batch of rows was not written: ${error.message}`, [
    'Apply again: it goes on there. If a batch takes too long, give it fewer rows, such as { batch: 20 }',
  ])
}

/** What the function works with. `delete` resolves to nothing: for the function, null means that its row goes. */
function operationsIn(tx: Transaction, engine: Engine): Database {
  const db = database(engine, call => engine.within(tx, call), undefined)
  const remove: Database['delete'] = async (name, id, options) => {
    await db.delete(name, id, options)
  }
  return { ...db, delete: remove }
}

const readKept = (text: string | undefined): Kept | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as Kept)

async function nextIds(tx: Transaction, resource: Resource, last: Id | null, limit: number): Promise<Id[]> {
  const rows = await tx.select(resource, {
    where: everything,
    sort: [{ path: [resource.id.name], descending: false }],
    limit,
    offset: 0,
    cursor: last === null ? null : { before: false, keys: [last] },
    idsOnly: true,
  })
  return rows.map(row => row[ID] as Id)
}

interface Changing {
  readonly tx: Transaction
  readonly db: Database
  readonly resource: Resource
  readonly id: Id
  readonly change: EngineStep['change']
}

async function changeRow({ tx, db, resource, id, change }: Changing): Promise<void> {
  const row = await tx.get(resource, id)
  // What became of another row may have deleted it.
  if (row === undefined) return
  const { name } = resource
  try {
    const changes = await change({ ...readRow(resource, row, unrelated) } as never, db)
    if (changes === null) await db.delete(name, id)
    else if (changes !== undefined) await db.patch(name, id, changes)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new MigrationRefused(`${name} ${id} was refused, and the step stopped before its batch:`, [
      ...faultsOf(error),
      'Mend the row or the function, and apply again: it goes on there',
    ])
  }
}

function faultsOf({ code, cause, issues, message }: ApiError): string[] {
  // What a hook throws that is no refusal is told to nobody else.
  if (code === 'internal') return [String(cause)]
  if (issues.length === 0) return [message]
  return issues.map(({ pointer, detail }) =>
    pointer === undefined ? detail : `${pointer.replace(/^#\//, '')}: ${detail}`,
  )
}
