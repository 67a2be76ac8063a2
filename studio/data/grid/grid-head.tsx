import type { Signal } from '@preact/signals'
import type { VNode } from 'preact'
import type { Id } from '../../server/client.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { Icon } from '../../shell/icons.tsx'
import { isRightAligned } from './cell.tsx'
import type { TableSort } from '../window/keyset.ts'

/** The names of the columns, by which the rows can be sorted. */
export function GridHead({
  columns,
  sort,
  onSort,
  known,
  selected,
}: {
  readonly columns: readonly FieldInfo[]
  readonly sort: TableSort
  readonly onSort: (field: FieldInfo) => void
  /** The ids of the rows in view. */
  readonly known: readonly Id[]
  readonly selected: Signal<ReadonlySet<Id>>
}): VNode {
  const areAll = known.length > 0 && known.every(id => selected.value.has(id))
  return (
    <div class="grid-head" role="row" aria-rowindex={1}>
      <span role="columnheader" class="cell select" aria-label="Selection">
        <input
          type="checkbox"
          aria-label="Select all rows in view"
          checked={areAll}
          onChange={() => {
            const next = new Set(selected.value)
            for (const id of known) {
              if (areAll) next.delete(id)
              else next.add(id)
            }
            selected.value = next
          }}
        />
      </span>
      {columns.map(field => {
        const isSorted = sort.field === field.name
        const canSort = field.operators.includes('gt')
        return (
          <span
            key={field.name}
            role="columnheader"
            class={`cell${isRightAligned(field) ? ' right' : ''}`}
            aria-sort={isSorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
          >
            <button
              type="button"
              disabled={!canSort}
              title={field.description || field.title || undefined}
              onClick={() => onSort(field)}
            >
              <span>{field.name}</span>
              {isSorted && <Icon name={sort.descending ? 'down' : 'up'} />}
            </button>
          </span>
        )
      })}
    </div>
  )
}
