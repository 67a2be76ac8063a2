import type { Signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Id, Row } from '../server/client.ts'
import type { ResourceInfo } from '../server/description.ts'
import type { FieldInfo } from '../server/fields.ts'
import type { Verdict } from '../server/inner.ts'
import { Icon } from '../shell/icons.tsx'
import { CellEditor } from './cell-editor.tsx'
import { CellValue, isRightAligned, widthOf } from './cell.tsx'
import type { TableSort } from './window/keyset.ts'
import { WINDOW, type RowWindows } from './window/row-windows.ts'
import { drawnAt, heightOf, ROW, scrollTo } from './window/scroll.ts'

interface GridProps {
  readonly resource: ResourceInfo
  readonly columns: readonly FieldInfo[]
  readonly windows: RowWindows
  readonly sort: TableSort
  readonly selected: Signal<ReadonlySet<Id>>
  /** What the user who is looked as may do, by row. */
  readonly verdicts: ReadonlyMap<Id, Verdict> | null
  readonly onSort: (field: FieldInfo) => void
  readonly onOpen: (id: Id) => void
  readonly onLook: ((ids: readonly Id[]) => void) | undefined
}

/** How long a change is marked, in milliseconds. */
const MARKED = 4_000

/** A table over any number of rows, of which only those in view exist. */
export function Grid(props: GridProps): VNode {
  const { resource, columns, windows, sort, selected, verdicts, onSort, onOpen, onLook } = props
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ scroll: 0, height: 600 })
  const [active, setActive] = useState({ row: 0, column: 0 })
  const [editing, setEditing] = useState<{ readonly id: Id; readonly field: string } | null>(null)
  const isDue = useRef(false)

  useEffect(() => {
    const { current } = box
    if (!current) return
    const measure = (): void => setView(before => ({ ...before, height: current.clientHeight - ROW }))
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    box.current?.scrollTo({ top: 0 })
    setView(before => ({ ...before, scroll: 0 }))
    setEditing(null)
  }, [windows])

  // Reading it draws the table again when rows come.
  void windows.version.value
  const places = placesOf(windows)
  const rows = places.at(-1)!
  const drawn = drawnAt(view.scroll, view.height, rows)
  const shown = Array.from({ length: drawn.count }, (_, i) => rowAt(windows, places, drawn.first + i))
  const wanted = [...new Set(shown.map(({ window }) => window))]
  const known = shown.flatMap(({ row }) => (row ? [row[resource.id] as Id] : []))

  // While somebody drags the scroll bar, nothing is asked for.
  useEffect(() => {
    const timer = setTimeout(() => windows.look(wanted), wanted.every(one => windows.rows(one)) ? 0 : 80)
    return () => clearTimeout(timer)
  }, [windows, wanted.join()])
  useEffect(() => onLook?.(known), [known.join()])

  const scrolled = (): void => {
    if (isDue.current) return
    isDue.current = true
    requestAnimationFrame(() => {
      isDue.current = false
      const { current } = box
      if (current) setView({ scroll: current.scrollTop, height: current.clientHeight - ROW })
    })
  }
  const move = (row: number, column: number): void => {
    const next = { row: clamp(row, rows), column: clamp(column, columns.length) }
    setActive(next)
    const top = scrollTo(next.row, view.scroll, view.height, rows)
    if (top !== null) box.current?.scrollTo({ top })
    requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>('[data-active]')?.focus({ preventScroll: top !== null }),
    )
  }
  const pressed = (event: KeyboardEvent): void => {
    if (editing || (event.target as HTMLElement).closest('[role=columnheader]')) return
    const page = Math.max(1, Math.floor(view.height / ROW) - 1)
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowDown: [active.row + 1, active.column],
      ArrowUp: [active.row - 1, active.column],
      ArrowRight: [active.row, active.column + 1],
      ArrowLeft: [active.row, active.column - 1],
      PageDown: [active.row + page, active.column],
      PageUp: [active.row - page, active.column],
      Home: [event.ctrlKey ? 0 : active.row, 0],
      End: [event.ctrlKey ? rows - 1 : active.row, columns.length - 1],
    }
    const move_ = moves[event.key]
    const { row } = rowAt(windows, places, active.row)
    const id = row?.[resource.id] as Id | undefined
    const field = columns[active.column]
    if (move_) move(...move_)
    else if (event.key === ' ' && id !== undefined) toggle(selected, id)
    else if ((event.key === 'Enter' || event.key === 'F2') && id !== undefined) {
      if (event.key === 'F2' && field && isEditable(field, resource)) setEditing({ id, field: field.name })
      else onOpen(id)
    } else return
    event.preventDefault()
  }

  const template = `44px ${columns.map(one => `minmax(${widthOf(one)}px, ${widthOf(one)}fr)`).join(' ')}`
  return (
    <div
      class="grid"
      ref={box}
      role="grid"
      aria-label={`Rows of ${resource.name}`}
      aria-rowcount={rows + 1}
      aria-colcount={columns.length + 1}
      onScroll={scrolled}
      onKeyDown={pressed}
      style={{ '--columns': template, '--width': `${44 + columns.reduce((sum, one) => sum + widthOf(one), 0)}px` }}
    >
      <Head columns={columns} sort={sort} onSort={onSort} known={known} selected={selected} />
      <div class="grid-body" role="presentation" style={{ height: `${heightOf(rows)}px` }}>
        {shown.map(({ row, index }, i) => {
          const id = row?.[resource.id] as Id | undefined
          const mark = id === undefined ? undefined : windows.marks.get(id)
          const isFresh = mark && performance.now() - mark.at < MARKED
          const verdict = id === undefined ? undefined : verdicts?.get(id)
          const isChosen = id !== undefined && selected.value.has(id)
          return (
            <div
              key={id ?? `empty ${index}`}
              role="row"
              data-id={id}
              aria-rowindex={index + 2}
              aria-selected={isChosen}
              class={rowClass(row, isFresh ? mark.kind : null, verdict, isChosen)}
              title={verdict && !verdict.may['read'] ? verdict.why['read']?.join('\n') : undefined}
              style={{ transform: `translateY(${drawn.top + i * ROW}px)` }}
            >
              <span role="gridcell" class="cell select">
                {id !== undefined && (
                  <input
                    type="checkbox"
                    aria-label={`Select ${id}`}
                    checked={isChosen}
                    tabIndex={-1}
                    onChange={() => toggle(selected, id)}
                  />
                )}
              </span>
              {columns.map((field, column) => {
                const isActive = index === active.row && column === active.column
                const isEditing = editing !== null && editing.id === id && editing.field === field.name
                return (
                  <span
                    key={field.name}
                    role="gridcell"
                    aria-colindex={column + 2}
                    tabIndex={isActive ? 0 : -1}
                    data-active={isActive || undefined}
                    data-field={field.name}
                    class={`cell${isRightAligned(field) ? ' right' : ''}${isFresh && mark.fields.has(field.name) ? ' changed' : ''}`}
                    onFocus={() => setActive({ row: index, column })}
                    onClick={event => {
                      if (!isEditing && id !== undefined && !(event.target as HTMLElement).closest('a')) onOpen(id)
                    }}
                  >
                    {isEditing ? (
                      <CellEditor resource={resource} field={field} row={row!} onDone={() => setEditing(null)} />
                    ) : row ? (
                      <CellValue field={field} value={row[field.name]} />
                    ) : (
                      <i class="loading" />
                    )}
                  </span>
                )
              })}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Head({
  columns,
  sort,
  onSort,
  known,
  selected,
}: Pick<GridProps, 'columns' | 'sort' | 'onSort' | 'selected'> & {
  readonly known: readonly Id[]
}): VNode {
  const areAll = known.length > 0 && known.every(id => selected.value.has(id))
  return (
    <div class="grid-head" role="row" aria-rowindex={1}>
      <span role="columnheader" class="cell select">
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

/** At which row each window begins, and at last how many rows there are. */
function placesOf(windows: RowWindows): number[] {
  const places = [0]
  for (let n = 0; n < windows.size; n++) places.push(places[n]! + windows.length(n))
  return places
}

function rowAt(
  windows: RowWindows,
  places: readonly number[],
  index: number,
): { index: number; window: number; row: Row | null } {
  let window = Math.min(windows.size - 1, Math.floor(index / WINDOW))
  while (window > 0 && places[window]! > index) window--
  while (window + 1 < windows.size && places[window + 1]! <= index) window++
  return { index, window, row: windows.rows(window)?.[index - places[window]!] ?? null }
}

function rowClass(
  row: Row | null,
  mark: 'new' | 'changed' | null,
  verdict: Verdict | undefined,
  isChosen: boolean,
): string {
  const words = ['grid-row']
  if (!row) words.push('waiting')
  if (mark) words.push(mark === 'new' ? 'row-new' : 'row-changed')
  if (verdict && !verdict.may['read']) words.push('unseen')
  if (isChosen) words.push('chosen')
  return words.join(' ')
}

export const isEditable = (field: FieldInfo, { canPatch }: ResourceInfo): boolean =>
  canPatch && field.isWritable && !field.isId && field.kind !== 'file' && field.kind !== 'many'

const clamp = (n: number, size: number): number => Math.max(0, Math.min(size - 1, n))

function toggle(selected: Signal<ReadonlySet<Id>>, id: Id): void {
  const next = new Set(selected.value)
  if (!next.delete(id)) next.add(id)
  selected.value = next
}
