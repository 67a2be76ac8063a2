import type { Id, Join, OneField, Resource, Row, Value } from '../../../model/model.ts'
import type { Change, Commit, LinkChange, RowChange } from '../../store.ts'

/** What a unit of work has read, as far as it decides which changes would have made a difference. */
export type Read =
  | { readonly of: 'rows'; readonly resource: Resource; readonly ids: ReadonlySet<Id> }
  | {
      readonly of: 'key'
      readonly resource: Resource
      readonly slots: readonly number[]
      readonly values: readonly Value[]
    }
  | { readonly of: 'children'; readonly via: OneField; readonly parents: ReadonlySet<Id> }
  | { readonly of: 'pairs'; readonly join: Join; readonly from: 'a' | 'b'; readonly owners: ReadonlySet<Id> }
  | { readonly of: 'resource'; readonly resource: Resource }
  /** Which rows of a resource there are. */
  | { readonly of: 'members'; readonly resource: Resource }
  /** The newest position. */
  | { readonly of: 'head' }
  | { readonly of: 'text'; readonly key: string }
  /** A query that may depend on any row. */
  | { readonly of: 'all' }

/** What units of work have written to the database. */
export type UnitWrite = RowChange | LinkChange | { readonly key: string } | { readonly uri: string }

/** Whether a read could have had another result after a write. */
export function depends(read: Read, written: UnitWrite): boolean {
  if ('uri' in written) return read.of === 'head'
  if ('key' in written) return read.of === 'text' && read.key === written.key
  if ('join' in written) {
    if (read.of === 'pairs') return read.join === written.join && read.owners.has(written[read.from])
    return read.of === 'all' || read.of === 'head'
  }
  const { resource, before, after } = written
  switch (read.of) {
    case 'rows':
      return read.resource === resource && read.ids.has(written.id)
    case 'key':
      return read.resource === resource && (hasValues(before, read) || hasValues(after, read))
    case 'children': {
      const { slot, owner } = read.via
      return owner === resource && [before, after].some(row => row !== null && read.parents.has(row[slot] as Id))
    }
    case 'pairs': {
      const other = read.from === 'a' ? read.join.b : read.join.a
      return other.resource === resource
    }
    case 'resource':
      return read.resource === resource
    case 'members':
      return read.resource === resource && written.op !== 'patch'
    case 'text':
      return false
    case 'head':
    case 'all':
      return true
    default:
      return read satisfies never
  }
}

const hasValues = (row: Row | null, { slots, values }: Extract<Read, { of: 'key' }>): boolean =>
  row !== null && slots.every((slot, i) => row[slot] === (values[i] ?? null))

export const readOfRow = (resource: Resource, id: Id): Read => ({ of: 'rows', resource, ids: new Set([id]) })

/** Whether a read tells how far the log goes. Such a read is answered before the database says so. */
export const isOfHead = ({ of }: Read): boolean => of === 'head' || of === 'resource'

/** Whether a read could have had another result after commits of other nodes. Texts and some links are not in the log. */
export function dependsOnOthers(read: Read, commits: readonly Commit[]): boolean {
  if (read.of === 'text' || read.of === 'pairs') return true
  return commits.some(({ changes }) => changes.some(change => isIncomplete(read, change) || depends(read, change)))
}

/** Whether a change does not tell all that the read would have to know. */
function isIncomplete(read: Read, { missing, resource }: Change): boolean {
  if (missing === undefined) return false
  return (read.of === 'key' && read.resource === resource) || (read.of === 'children' && read.via.owner === resource)
}
