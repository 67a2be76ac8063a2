import { conversionOf } from '../../migrate/convert.ts'
import type { ChangeColumn } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { Refused } from '../../../schema/read/refused.ts'
import type { Value } from '../../../schema/value.ts'
import type { Connection } from '../connection.ts'

/** The log has rows as JSON, by the names of their fields. It follows the tables, so that history is shown as rows are now. */
export function renameLoggedResource(connection: Connection, was: string, is: string): void {
  connection.prepare('UPDATE _restuary_log SET resource = ? WHERE resource = ?').run(is, was)
  connection.prepare('UPDATE OR REPLACE _restuary_meta SET key = ? WHERE key = ?').run(`id:${is}`, `id:${was}`)
}

export function renameLoggedField(connection: Connection, resource: string | null, was: string, is: string): void {
  const renamed = (image: string): string =>
    `iif(json_type(${image}, ?) IS NULL, ${image}, json_set(json_remove(${image}, ?), ?, json(${image} -> ?)))`
  const [old, fresh] = [path(was), path(is)]
  const values = [old, old, fresh, old]
  rewriteImages(connection, resource, renamed, values)
}

/** Values that do not become any of the new type are null in the log. */
export function changeLoggedValues(
  connection: Connection,
  resource: string,
  step: ChangeColumn,
  custom: CustomTypes,
): void {
  const { convert, isIdentity } = conversionOf(step, custom)
  const { field } = step.to
  if (isIdentity || field === null) return
  connection.db.function('restuary_logged', { deterministic: true }, json => {
    if (typeof json !== 'string') return null
    const value = JSON.parse(json) as Value
    const becomes = value === null ? null : convert(value)
    return JSON.stringify(becomes instanceof Refused ? null : becomes)
  })
  const changed = (image: string): string =>
    `iif(json_type(${image}, ?) IS NULL, ${image}, json_replace(${image}, ?, json(restuary_logged(${image} -> ?))))`
  const at = path(field)
  rewriteImages(connection, resource, changed, [at, at, at])
}

/** Rows that have other ids now keep their records. Lists of ids in them are of before, and go. */
export function changeLoggedIds(
  connection: Connection,
  resource: string,
  step: ChangeColumn,
  custom: CustomTypes,
): void {
  const { convert, isIdentity } = conversionOf(step, custom)
  if (isIdentity) return
  connection.db.function('restuary_logged_id', { deterministic: true }, id => {
    const becomes = id === null ? null : convert(id as Value)
    return becomes instanceof Refused || becomes === null ? id : (becomes as string | number)
  })
  connection
    .prepare('UPDATE _restuary_log SET id = restuary_logged_id(id), lists = NULL WHERE resource = ?')
    .run(resource)
}

/** Rewrites the row before and after each change. `rewritten` makes the SQL of an image, which binds `values`. */
function rewriteImages(
  connection: Connection,
  resource: string | null,
  rewritten: (image: string) => string,
  values: readonly string[],
): void {
  connection
    .prepare(
      `UPDATE _restuary_log SET before = ${rewritten('before')}, after = ${rewritten('after')} WHERE resource = ?`,
    )
    .run(...values, ...values, resource)
}

/** The path of a member. Names with quotes in them are no names of fields. */
const path = (name: string): string => `$."${name}"`
