import { Component, type VNode } from 'preact'
import type { Id, Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import type { Verdict } from '../../server/inner.ts'
import { CellEditor } from './cell-editor.tsx'
import { CellValue, isRightAligned } from './cell.tsx'
import type { RowMark } from '../window/row-windows.ts'

/** What can be done in a row. */
export interface RowActions {
  readonly open: (id: Id) => void
  readonly select: (id: Id) => void
  readonly focus: (row: number, column: number) => void
  readonly stopEditing: () => void
}

interface GridRowProps {
  readonly resource: ResourceInfo
  readonly columns: readonly FieldInfo[]
  /** null = it is on its way. */
  readonly row: Row | null
  readonly index: number
  /** Where it stands, in pixels. */
  readonly top: number
  /** What has just happened to it. */
  readonly mark: RowMark | null
  readonly verdict: Verdict | undefined
  readonly isSelected: boolean
  /** The column that has the focus, if it is in this row. */
  readonly activeColumn: number | null
  readonly editedField: string | null
  readonly act: RowActions
}

/** A row of a table. It is drawn again only if something of it has changed: a table has many, and scrolls. */
export class GridRow extends Component<GridRowProps> {
  override shouldComponentUpdate(next: GridRowProps): boolean {
    const { props } = this
    return (Object.keys(next) as (keyof GridRowProps)[]).some(name => next[name] !== props[name])
  }

  render({ resource, columns, row, index, top, mark, isSelected, activeColumn, act }: GridRowProps): VNode {
    const id = row?.[resource.id] as Id | undefined
    return (
      <div
        role="row"
        data-id={id}
        aria-rowindex={index + 2}
        aria-selected={isSelected}
        class={this.#classes()}
        title={this.#title()}
        style={{ transform: `translateY(${top}px)` }}
      >
        <span role="gridcell" class="cell select">
          {id !== undefined && (
            <input
              type="checkbox"
              aria-label={`Select ${id}`}
              checked={isSelected}
              tabIndex={-1}
              onChange={() => act.select(id)}
            />
          )}
        </span>
        {columns.map((field, column) => (
          <span
            key={field.name}
            role="gridcell"
            aria-colindex={column + 2}
            tabIndex={column === activeColumn ? 0 : -1}
            data-active={column === activeColumn || undefined}
            data-field={field.name}
            class={`cell${isRightAligned(field) ? ' right' : ''}${mark?.fields.has(field.name) ? ' changed' : ''}`}
            onFocus={() => act.focus(index, column)}
            onClick={event => {
              const isWithin = (event.target as HTMLElement).closest('a, .cell-editor') !== null
              if (!isWithin && id !== undefined) act.open(id)
            }}
          >
            {this.#value(field)}
          </span>
        ))}
        {mark?.by && (
          <span class="author" aria-hidden="true">
            <span class="by" dir="auto">
              by {mark.by}
            </span>
          </span>
        )}
      </div>
    )
  }

  #value(field: FieldInfo): VNode {
    const { resource, row, editedField, act } = this.props
    if (!row) return <i class="loading" />
    if (editedField === field.name)
      return <CellEditor resource={resource} field={field} row={row} onDone={act.stopEditing} />
    return <CellValue field={field} value={row[field.name]} />
  }

  #title(): string | undefined {
    const { mark, verdict } = this.props
    if (verdict && !verdict.may['read']) return verdict.why['read']?.join('\n')
    return mark?.by && `changed by ${mark.by}`
  }

  #classes(): string {
    const { row, mark, verdict, isSelected } = this.props
    const words = ['grid-row']
    if (!row) words.push('waiting')
    if (mark) words.push(mark.kind === 'new' ? 'row-new' : 'row-changed')
    if (verdict && !verdict.may['read']) words.push('unseen')
    if (isSelected) words.push('chosen')
    return words.join(' ')
  }
}
