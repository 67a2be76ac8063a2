import { isComposed } from '../../model/key-text.ts'
import type { Resource } from '../../model/model.ts'
import type { SqlDialect } from './dialect.ts'
import { sql, type Sql } from './kysely.ts'

/**
 * How the ids of a resource are stored, where other rows refer to them: as they are shown, as bytes, or as text that is shown
 * in another spelling where no URL could have it as a segment.
 */
export type IdForm = 'plain' | 'bytes' | 'spelled'

export function idFormOf({ options: { foreign }, id }: Resource): IdForm {
  if (foreign === null || isComposed(foreign)) return 'plain'
  if (id.type.sql.column === 'BLOB') return 'bytes'
  return id.type.key === 'text' ? 'spelled' : 'plain'
}

/** The stored form of an id that is given as it is shown. */
export function asStored(resource: Resource, shown: Sql, dialect: SqlDialect): Sql {
  switch (idFormOf(resource)) {
    case 'plain':
      return shown
    case 'bytes':
      return dialect.fromHex(shown)
    case 'spelled':
      return sql`restuary_stored(${shown})`
  }
}

/** The ids in a bound list (`jsonList`), as they are stored, with parentheses. */
export function idsIn(resource: Resource, list: Sql, dialect: SqlDialect): Sql {
  return sql`(select ${idIn(resource, dialect)} from ${dialect.elements(list)})`
}

/** One of the ids in a bound list, as it is stored. */
export function idIn(resource: Resource, dialect: SqlDialect): Sql {
  return asStored(resource, dialect.element(resource.id.type.sql), dialect)
}

/** What is shown of a stored id. Few texts need the function. */
export function asShown(resource: Resource, stored: Sql, dialect: SqlDialect): Sql {
  switch (idFormOf(resource)) {
    case 'plain':
      return stored
    case 'bytes':
      return dialect.toHex(stored)
    case 'spelled':
      return sql`case when ${stored} in ('', '.', '..') or substr(${stored}, 1, 1) = '%' then restuary_spelled(${stored}) else ${stored} end`
  }
}
