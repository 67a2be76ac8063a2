import { applyStep } from '../../migrate/apply-step.ts'
import { conversionOf, convertImage, renameInImage } from '../../migrate/convert.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import type { MigrationStep } from '../../migrate/step.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import type { PostgresConnection } from '../connection.ts'

type Image = Record<string, Value>

interface LoggedRecord {
  id: string | null
  images: Image[]
  /** Lists of ids that others show. */
  lists: string | null
}

/** What one step does to the records of a resource. */
type Rewrite = (record: LoggedRecord) => void

/** Records that are rewritten in one transaction. */
const BATCH = 1_000

/**
 * What a plan does to the change log. The log has rows as JSON, by the names of their fields. It follows the tables, so that
 * history is shown as rows are now.
 */
export class LogRewriting {
  /** By resources as they are called before. */
  readonly #rewrites = new Map<string, Rewrite[]>()
  /** What resources are called after, where that differs. */
  readonly #names: ReadonlyMap<string, string>

  constructor(shape: DatabaseShape, steps: readonly MigrationStep[], custom: CustomTypes) {
    const names = new Map(Object.values(shape).flatMap(({ resource }) => (resource ? [[resource, resource]] : [])))
    for (const step of steps) {
      const table = shape[step.table]
      const was = [...names].find(([, name]) => name === table?.resource)?.[0]
      const rewrite = table === undefined ? null : rewriteOf(step, table.key[0]!, custom)
      if (was !== undefined && rewrite !== null) this.#rewrites.set(was, [...(this.#rewrites.get(was) ?? []), rewrite])
      if (was !== undefined && step.do === 'rename table' && step.resource !== null) names.set(was, step.resource[1])
      shape = applyStep(shape, step)
    }
    this.#names = new Map([...names].filter(([was, is]) => was !== is))
  }

  get #resources(): string[] {
    return [...new Set([...this.#rewrites.keys(), ...this.#names.keys()])]
  }

  /** Other nodes find the last change to a resource by its name. */
  async renameChanged(connection: PostgresConnection): Promise<void> {
    for (const [was, is] of this.#names) {
      const statement = (sql: string): { name: undefined; sql: string; slots: null } => ({
        name: undefined,
        sql,
        slots: null,
      })
      await connection.all(statement('delete from _restuary_changed where resource = $1'), is)
      await connection.all(statement('update _restuary_changed set resource = $2 where resource = $1'), was, is)
    }
  }

  /** Rewrites the next records up to a position. Returns the seq of the last one; null = there are no more. */
  async next(connection: PostgresConnection, after: number, upTo: number): Promise<number | null> {
    if (this.#resources.length === 0) return null
    const rows = await connection.all(
      {
        name: undefined,
        sql: `select seq, resource, id, before, after, lists from _restuary_log
          where seq > $1 and seq <= $2 and resource = any($3::text[]) order by seq limit ${BATCH}`,
        slots: null,
      },
      after,
      upTo,
      this.#resources,
    )
    if (rows.length === 0) return null
    const rewritten = (rows as Stored[]).map(row => this.#rewritten(row))
    await connection.all(
      {
        name: undefined,
        sql: `update _restuary_log l set resource = u.resource, id = u.id, before = u.before, after = u.after, lists = u.lists
          from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as u(seq, resource, id, before, after, lists)
          where l.seq = u.seq`,
        slots: null,
      },
      ...([0, 1, 2, 3, 4, 5] as const).map(at => rewritten.map(row => row[at])),
    )
    return rows.at(-1)![0] as number
  }

  #rewritten([seq, resource, id, before, after, lists]: Stored): Stored {
    const images = [before, after].map(text => (text === null ? null : (JSON.parse(text) as Image)))
    const record: LoggedRecord = { id, images: images.filter(image => image !== null), lists }
    for (const rewrite of this.#rewrites.get(resource) ?? []) rewrite(record)
    let at = 0
    const texts = images.map(image => (image === null ? null : JSON.stringify(record.images[at++])))
    return [seq, this.#names.get(resource) ?? resource, record.id, texts[0]!, texts[1]!, record.lists]
  }
}

type Stored = [
  seq: number,
  resource: string,
  id: string | null,
  before: string | null,
  after: string | null,
  lists: string | null,
]

function rewriteOf(step: MigrationStep, key: string, custom: CustomTypes): Rewrite | null {
  if (step.do === 'rename column' && step.field !== null) {
    const [was, is] = step.field
    return record => {
      record.images = record.images.map(image => renameInImage(image, was, is))
    }
  }
  if (step.do !== 'change column') return null
  const { convert, isIdentity } = conversionOf(step, custom)
  const { field } = step.to
  if (isIdentity || field === null) return null
  const from = columnTypeOf(step.from, custom)
  return record => {
    for (const image of record.images) convertImage(image, field, convert)
    if (step.column !== key || record.id === null) return
    const id = from.readText(record.id)
    const becomes = id instanceof Refused ? id : convert(id)
    record.lists = null
    if (typeof becomes === 'string' || typeof becomes === 'number') record.id = String(becomes)
  }
}
