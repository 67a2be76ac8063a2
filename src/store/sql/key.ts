import type { Id } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { keyParts } from '../../model/key-text.ts'
import type { Bind } from './codec.ts'
import { bound, sql, type Sql } from './kysely.ts'
import { codecAt, composedKey, type Layout } from './layout.ts'
import { idFormOf } from './stored-id.ts'

/** What `hasKey` binds for an id; null if no row can have it. */
export function keyBinds(layout: Layout, id: Id): readonly Bind[] | null {
  if (layout.partsTell) return keyParts(String(id), layout.keyForm)
  const codec = codecAt(layout, ID)
  return [layout.key === null ? codec.encode(id) : id]
}

/** An id as the side table of versions has it: bytes in hexadecimal, all else as it is stored. */
export function versionBind(layout: Layout, id: Id): Bind {
  return idFormOf(layout.resource) === 'spelled' ? codecAt(layout, ID).encode(id) : id
}

/** Whether a row has an id, whose binds begin at `first`; `at` names its columns. */
export function hasKey(layout: Layout, at: (column: string) => Sql, first: number): Sql {
  const { key, partsTell, resource, baseline } = layout
  if (key === null) {
    const id = at(resource.id.column)
    // A collation of the column finds ids that only look alike.
    return baseline !== null && resource.id.type.sql.column === 'TEXT'
      ? sql`${id} = ${bound(first)} and ${id} collate binary = ${bound(first)}`
      : sql`${id} = ${bound(first)}`
  }
  if (!partsTell) return sql`${composedKey(layout, at)} = ${bound(first)}`
  const parts = key.map((column, i) => sql`${at(column)} is ${bound(first + i)} collate binary`)
  return sql`${sql.join(parts, sql` and `)}`
}

/** The same for a row that is there. Throws Error for an id that no row can have. */
export function bindsOfKey(layout: Layout, id: Id): readonly Bind[] {
  const binds = keyBinds(layout, id)
  if (binds === null) throw new Error(`${id} is not a key of ${layout.resource.name}`)
  return binds
}
