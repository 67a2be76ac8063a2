import { conversionOf, convertImage, renameInImage } from '../../migrate/convert.ts'
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
  rewriteImages(connection, resource, image => renameInImage(image, was, is))
}

/** Values that do not become any of the new type are null in the log, and named there. */
export function changeLoggedValues(
  connection: Connection,
  resource: string,
  step: ChangeColumn,
  custom: CustomTypes,
): void {
  const { convert, isIdentity } = conversionOf(step, custom)
  const { field } = step.to
  if (isIdentity || field === null) return
  rewriteImages(connection, resource, image => {
    convertImage(image, field, convert)
    return image
  })
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

/** Rewrites the row before and after each change. */
function rewriteImages(
  connection: Connection,
  resource: string | null,
  rewritten: (image: Record<string, Value>) => Record<string, Value>,
): void {
  connection.db.function('restuary_logged', { deterministic: true }, image =>
    typeof image === 'string' ? JSON.stringify(rewritten(JSON.parse(image) as Record<string, Value>)) : null,
  )
  connection
    .prepare(
      'UPDATE _restuary_log SET before = restuary_logged(before), after = restuary_logged(after) WHERE resource = ?',
    )
    .run(resource)
}
