import type { Id } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { keyParts } from '../../model/key-text.ts'
import type { Bind } from './codec.ts'
import { bound, sql, type Sql } from './kysely.ts'
import { composedKey } from './expressions.ts'
import { codecAt, type Layout } from './layout.ts'
import { idFormOf } from './stored-id.ts'

/** What `hasKey` binds for an id; null if no row can have it. */
export function keyBinds(layout: Layout, id: Id): readonly Bind[] | null {
  if (layout.partsTell) {
    const parts = keyParts(String(id), layout.keyForm)
    const types = layout.postgres?.types
    const isKey = parts?.every((part, i) => layout.dialect.fitsPart(part, types?.[layout.key![i]!])) ?? false
    return isKey ? parts : null
  }
  const codec = codecAt(layout, ID)
  return [layout.key === null ? codec.encode(id) : id]
}

/** An id as the side table of versions has it: bytes in hexadecimal, all else as it is stored. */
export function versionBind(layout: Layout, id: Id): Bind {
  return idFormOf(layout.resource) === 'spelled' ? codecAt(layout, ID).encode(id) : id
}

/** Whether a row has an id, whose binds begin at `first`; `at` names its columns. */
export function hasKey(layout: Layout, at: (column: string) => Sql, first: number): Sql {
  const { key, partsTell, resource, baseline, dialect } = layout
  if (key === null) {
    const id = at(resource.id.column)
    const { postgres } = layout
    if (postgres !== null) return dialect.isPart(id, bound(first), postgres.types[resource.id.column])
    // A collation of the column finds ids that only look alike.
    return baseline !== null && resource.id.type.sql.column === 'TEXT'
      ? sql`${id} = ${bound(first)} and ${dialect.binary(id)} = ${bound(first)}`
      : sql`${id} = ${bound(first)}`
  }
  if (!partsTell) return sql`${composedKey(layout, at)} = ${bound(first)}`
  const types = layout.postgres?.types
  const parts = key.map((column, i) => dialect.isPart(at(column), bound(first + i), types?.[column]))
  return sql`${sql.join(parts, sql` and `)}`
}

/** The same for a row that is there. Throws Error for an id that no row can have. */
export function bindsOfKey(layout: Layout, id: Id): readonly Bind[] {
  const binds = keyBinds(layout, id)
  if (binds === null) throw new Error(`${id} is not a key of ${layout.resource.name}`)
  return binds
}
