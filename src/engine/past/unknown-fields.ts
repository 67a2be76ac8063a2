import type { Resource, Row, StoredField } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Change } from '../../store/store.ts'
import type { Call } from '../call/call.ts'
import { viewOf, type View } from '../read/view.ts'

/** Fields by resources whose value at a position cannot be said. */
export type UnknownFields = Map<Resource, Set<StoredField>>

/**
 * The fields whose value before a change, or after it, is not known: they were declared later, must have a value now and had none
 * then, or a migration has converted them and had no equivalent.
 */
export function unknownIn(
  { resource, missing = [], unknown, ...images }: Change,
  when: 'before' | 'after',
): StoredField[] {
  const row: Row | null = images[when]
  if (row === null) return []
  const lost = new Set([...missing, ...(unknown?.[when] ?? [])])
  return resource.columns.filter(({ slot, nullable }) => lost.has(slot) || (!nullable && (row[slot] ?? null) === null))
}

/** Throws ApiError `gone` if a read of the past would show one of these fields. A list may depend on it in other ways as well. */
export function refuseUnknown({ resource, shape, operation }: Call, unknown: UnknownFields): void {
  if (unknown.size === 0) return
  const shown = [
    ...(operation === 'list' ? visible(unknown.get(resource)) : []),
    ...shownIn(viewOf(resource, shape), unknown),
  ]
  if (shown.length === 0) return
  const names = [...new Set(shown.map(({ owner, name }) => `${owner.name}.${name}`))]
  throw new ApiError('gone', {
    detail: `the value of ${names.join(', ')} at that time is not known: the field came later, or its former value has no equivalent in its present type`,
    members: { unknown: names },
  })
}

function shownIn({ resource, names, loads }: View, unknown: UnknownFields): StoredField[] {
  const own = visible(unknown.get(resource))
  // What a function calculates may depend on any field.
  const isCalculated = names.some(name => resource.field.get(name)?.is === 'calc')
  return [
    ...own.filter(({ name }) => isCalculated || names.includes(name)),
    ...loads.flatMap(load => ('view' in load ? shownIn(load.view, unknown) : [])),
  ]
}

const visible = (fields: Iterable<StoredField> = []): StoredField[] => [...fields].filter(({ hidden }) => !hidden)
