import type { Id, Row } from '../../model/model.ts'
import { writeRow } from '../../engine/read/write-json.ts'
import type { LoadedPart, LoadedRelations } from '../../engine/read/related/load-related.ts'
import type { View } from '../../engine/read/view.ts'
import type { LiveEvent } from '../event.ts'
import type { Group } from './group.ts'

/**
 * JSON text of a row as it was before it left a view. It has what is stored in the row; lists of related rows are empty,
 * because they are gone as well. If rules hide fields, or no log record shows the row, it is only the id.
 */
export function formerRow(group: Group, { id, changes }: LiveEvent): string {
  const { view } = group.interest
  const before = changes?.[0]?.before
  const idOnly = `{${JSON.stringify(view.resource.id.name)}:${JSON.stringify(id)}}`
  if (!before || view.resource.rules?.fields) return idOnly
  return writeRow(view, before, nothingIn(view), group.ctx)
}

/** The related rows of a view in which no row is related to any other. */
function nothingIn(view: View): LoadedRelations {
  return {
    masks: null,
    of: view.loads.map((load): LoadedPart => {
      switch (load.kind) {
        case 'ids':
          return { kind: 'ids', ids: new Map<Id, Id[]>() }
        case 'count':
          return { kind: 'count', counts: new Map() }
        case 'row':
          return { kind: 'row', rows: new Map<Id, Row>(), related: nothingIn(load.view) }
        case 'rows':
          return { kind: 'rows', rows: new Map<Id, Row[]>(), related: nothingIn(load.view), most: Infinity }
      }
    }),
  }
}
