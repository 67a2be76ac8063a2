import type { Signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Id } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import type { Verdict } from '../../server/inner.ts'
import { widthOf } from './cell.tsx'
import { isEditable } from './editable.ts'
import { GridHead } from './grid-head.tsx'
import { GridRow, type RowActions } from './grid-row.tsx'
import type { TableSort } from '../window/keyset.ts'
import type { RowWindows } from '../window/row-windows.ts'
import { drawnAt, heightOf, ROW, scrollTo } from '../window/scroll.ts'

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
  // The newest one: a key may be pressed before the last one is drawn.
  const place = useRef(active)
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
  const rows = windows.rowCount
  const drawn = drawnAt(view.scroll, view.height, rows)
  const shown = Array.from({ length: drawn.count }, (_, i) => ({
    index: drawn.first + i,
    ...windows.rowAt(drawn.first + i),
  }))
  // An earlier state can only be looked at.
  const isPast = windows.status === 'past'
  const wanted = [...new Set(shown.map(({ window }) => window))]
  const known = shown.flatMap(({ row }) => (row ? [row[resource.id] as Id] : []))

  // While somebody drags the scroll bar, nothing is asked for.
  useEffect(() => {
    const timer = setTimeout(() => windows.look(wanted), wanted.every(one => windows.has(one)) ? 0 : 80)
    return () => clearTimeout(timer)
  }, [windows, wanted.join()])
  useEffect(() => onLook?.(known), [onLook, known.join()])

  const scrolled = (): void => {
    if (isDue.current) return
    isDue.current = true
    requestAnimationFrame(() => {
      isDue.current = false
      const { current } = box
      if (current) setView({ scroll: current.scrollTop, height: current.clientHeight - ROW })
    })
  }
  const activate = (next: { readonly row: number; readonly column: number }): void => {
    place.current = next
    setActive(next)
  }
  const move = (row: number, column: number): void => {
    const next = { row: clamp(row, rows), column: clamp(column, columns.length) }
    activate(next)
    const top = scrollTo(next.row, view.scroll, view.height, rows)
    if (top !== null) box.current?.scrollTo({ top })
    requestAnimationFrame(() => {
      if (box.current?.querySelector('.cell-editor')) return
      box.current?.querySelector<HTMLElement>('[data-active]')?.focus({ preventScroll: top !== null })
    })
  }
  const pressed = (event: KeyboardEvent): void => {
    if (editing || (event.target as HTMLElement).closest('[role=columnheader]')) return
    const page = Math.max(1, Math.floor(view.height / ROW) - 1)
    const { row: at, column } = place.current
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowDown: [at + 1, column],
      ArrowUp: [at - 1, column],
      ArrowRight: [at, column + 1],
      ArrowLeft: [at, column - 1],
      PageDown: [at + page, column],
      PageUp: [at - page, column],
      Home: [event.ctrlKey ? 0 : at, 0],
      End: [event.ctrlKey ? rows - 1 : at, columns.length - 1],
    }
    const move_ = moves[event.key]
    const { row } = windows.rowAt(at)
    const id = row?.[resource.id] as Id | undefined
    const field = columns[column]
    if (move_) move(...move_)
    else if (event.key === ' ' && id !== undefined && !isPast) toggle(selected, id)
    else if ((event.key === 'Enter' || event.key === 'F2') && id !== undefined) {
      const isEdited = event.key === 'F2' && !isPast && field && isEditable(field, resource)
      if (isEdited && field.kind !== 'json') setEditing({ id, field: field.name })
      else onOpen(id)
    } else return
    event.preventDefault()
  }

  // One object for all drawings, so that rows that did not change are not drawn again.
  const latest = useRef({ onOpen, selected, activate })
  latest.current = { onOpen, selected, activate }
  const act = useMemo(
    (): RowActions => ({
      open: id => latest.current.onOpen(id),
      select: id => toggle(latest.current.selected, id),
      focus: (row, column) => latest.current.activate({ row, column }),
      stopEditing: () => setEditing(null),
    }),
    [],
  )

  const template = `44px ${columns.map(one => `minmax(${widthOf(one)}px, ${widthOf(one)}fr)`).join(' ')}`
  return (
    <div
      class={`grid${isPast ? ' past' : ''}`}
      ref={box}
      role="grid"
      aria-label={`Rows of ${resource.name}`}
      aria-rowcount={rows + 1}
      aria-colcount={columns.length + 1}
      onScroll={scrolled}
      onKeyDown={pressed}
      style={{ '--columns': template, '--width': `${44 + columns.reduce((sum, one) => sum + widthOf(one), 0)}px` }}
    >
      <GridHead columns={columns} sort={sort} onSort={onSort} known={known} selected={selected} />
      <div class="grid-body" role="presentation" style={{ height: `${heightOf(rows)}px` }}>
        {shown.map(({ row, index }, i) => {
          const id = row?.[resource.id] as Id | undefined
          const mark = id === undefined ? undefined : windows.marks.get(id)
          return (
            <GridRow
              key={id ?? `empty ${index}`}
              resource={resource}
              columns={columns}
              row={row}
              index={index}
              top={drawn.top + i * ROW}
              mark={mark && performance.now() - mark.at < MARKED ? mark : null}
              verdict={id === undefined ? undefined : verdicts?.get(id)}
              isSelected={id !== undefined && selected.value.has(id)}
              activeColumn={index === active.row ? active.column : null}
              editedField={editing !== null && editing.id === id ? editing.field : null}
              act={act}
            />
          )
        })}
      </div>
    </div>
  )
}

const clamp = (n: number, size: number): number => Math.max(0, Math.min(size - 1, n))

function toggle(selected: Signal<ReadonlySet<Id>>, id: Id): void {
  const next = new Set(selected.value)
  if (!next.delete(id)) next.add(id)
  selected.value = next
}
