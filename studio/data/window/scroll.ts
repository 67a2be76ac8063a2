/** The height of a row, in pixels. */
export const ROW = 36
/** The most pixels that an element may be high: browsers forget what is below some millions. */
const HIGHEST = 12_000_000

/** What is to be drawn. */
export interface Drawn {
  /** The index of the first row. */
  readonly first: number
  readonly count: number
  /** Where the first row stands in the content, in pixels. */
  readonly top: number
}

/** How high the content of a table is. */
export const heightOf = (rows: number): number => Math.min(HIGHEST, rows * ROW)

/** How many pixels of rows one pixel of the scroll bar is. */
function scaleOf(rows: number, view: number): number {
  const room = heightOf(rows) - view
  return room <= 0 || rows * ROW <= HIGHEST ? 1 : (rows * ROW - view) / room
}

/** The rows in view, and some above and below. */
export function drawnAt(scroll: number, view: number, rows: number, overscan = 6): Drawn {
  const above = scroll * scaleOf(rows, view)
  const first = Math.max(0, Math.floor(above / ROW) - overscan)
  const last = Math.min(rows, Math.ceil((above + view) / ROW) + overscan)
  return { first, count: Math.max(0, last - first), top: first * ROW - above + scroll }
}

/** Where to scroll so that a row is in view. null = it is. */
export function scrollTo(row: number, scroll: number, view: number, rows: number): number | null {
  const scale = scaleOf(rows, view)
  const above = scroll * scale
  if (row * ROW < above) return (row * ROW) / scale
  if ((row + 1) * ROW > above + view) return ((row + 1) * ROW - view) / scale
  return null
}
