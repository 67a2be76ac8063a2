import type { Model } from '../../../model/model.ts'
import { applyStep } from '../../migrate/apply-step.ts'
import { refuseFaults, refuseUndecided, strangeInWords, Undecided, withTypes } from '../../migrate/at-start.ts'
import {
  FORMER_SHAPES,
  formerShapes,
  laterMisfit,
  LATER,
  shapeDigest,
  tooOld,
  withShape,
} from '../../migrate/former-shapes.ts'
import { inWords, nobody, unfitInWords } from '../../migrate/need.ts'
import { nothingAsked, planSteps } from '../../migrate/plan/plan-steps.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { changesTable } from '../../migrate/step.ts'
import { targetOf } from '../../migrate/target.ts'
import { tablesOf, type TableSpec } from '../../sql/tables/schema.ts'
import type { PostgresConnection } from '../connection.ts'
import { askPostgresRows } from '../migrate/ask-rows.ts'
import { foundShape, shapeTexts, type FoundTables } from '../migrate/found-tables.ts'
import type { Entry } from '../migrate/ledger.ts'
import { runAtOnce } from '../migrate/run-at-once.ts'
import { identifier } from './identifier.ts'

/** What the tables are adapted to. */
export interface AdaptTo {
  readonly model: Model
  readonly now: number
  /** Columns and tables that may be dropped with their data. */
  readonly drop: readonly string[]
  /** What the store keeps beside rows. */
  readonly meta: ReadonlyMap<string, string>
  readonly found: FoundTables
  /** The plans that were applied or begun. */
  readonly applied: readonly Entry[]
}

/** What was done to the tables, and what is to be kept of it. */
export interface Adapted {
  readonly report: readonly string[]
  readonly meta: Readonly<Record<string, string>>
}

/**
 * Makes the tables of the model or adapts them within the open transaction, as far as no row loses anything. Throws one Error with
 * all that somebody has to decide first.
 */
export async function adaptToModel(connection: PostgresConnection, to: AdaptTo): Promise<Adapted> {
  const { model, drop, meta, found, applied } = to
  const tables = tablesOf(model)
  const target = targetOf(model, to.now)
  const shape = foundShape(found, meta)
  refuseFaults([...tables.flatMap(longNames), ...tables.flatMap(table => strangeTable(table, shape, found))])
  // A join table of another program stays as it is.
  const steps = planSteps(shape, target, { ...nothingAsked, drop: new Set(drop) }).filter(
    ({ table }) => shape[table] !== undefined || !found.has(table),
  )
  const [known, digest] = [formerShapes(meta.get(FORMER_SHAPES)), shapeDigest(target.shape)]
  const former = { [FORMER_SHAPES]: withShape(known, digest) }
  const isChanged = steps.some(changesTable)
  const begun = applied.find(({ mark }) => mark !== null)
  if (known.slice(0, -1).includes(digest) || (begun !== undefined && isChanged)) {
    const why = laterMisfit(model, target.shape, shape)
    if (why === null) return { report: isChanged ? [LATER] : [], meta: former }
    if (begun !== undefined) throw new Undecided(isBeingApplied(begun.name, why))
    if (applied.length > 0) throw new Undecided(tooOld(why, applied.at(-1)!.name))
  }
  const concerned = await askPostgresRows(connection, { shape, found, steps, custom: target.custom, kept: () => null })
  refuseUndecided(steps, concerned, drop)
  if (steps.length > 0) await runAtOnce(connection, { shape, found, steps, custom: target.custom })
  const after = withTypes(steps.reduce(applyStep, shape), target.shape)
  return {
    report: [
      ...steps.filter(changesTable).map(step => inWords(step, nobody)),
      ...steps.flatMap((step, i) => unfitInWords(step, concerned[i]!) ?? []),
    ],
    meta: { ...former, ...shapeTexts(after, meta) },
  }
}

const isBeingApplied = (plan: string, why: string): string =>
  [
    `The plan ${plan} is being applied, and until then this version does not fit:`,
    `  ${why}`,
    'Start it when that has ended. If nobody applies it any more, go on with it, or take it back:',
    '  restuary migrate apply',
    '  restuary migrate down',
  ].join('\n')

function longNames({ name, columns }: TableSpec): string[] {
  return [name, ...columns.map(column => column.name)]
    .filter(one => identifier(one) !== one)
    .map(
      one => `${one}: a name of PostgreSQL has at most 63 bytes; give it a shorter one by \`table\` or \`.column()\``,
    )
}

/** A table that somebody else made may be a join table of ours, if it has its columns. */
function strangeTable({ name, resource, columns }: TableSpec, shape: DatabaseShape, found: FoundTables): string[] {
  const is = found.get(name)
  if (shape[name] !== undefined || is === undefined) return []
  const isJoin = resource === null && columns.every(column => is.columns.has(column.name))
  return isJoin ? [] : [strangeInWords(name, resource !== null)]
}
