import type { Row } from '../model/model.ts'

/**
 * How many bytes of rows a call may still load. A store whose rows are not in memory yet stops reading where there is no more
 * room; whoever asked looks at `isFull`.
 */
export class Room {
  #left: number
  #isFull = false
  /** Rows that were taken for as large as they may be. */
  #unmeasured: { readonly rows: readonly Row[]; readonly mostBytes: number }[] = []

  constructor(bytes: number) {
    this.#left = bytes
  }

  /** Bytes, as `sizeOf` counts them. */
  get left(): number {
    this.#measure()
    return this.#left
  }

  /** Whether there is room for so many bytes. */
  has(bytes: number): boolean {
    if (bytes > this.#left) this.#measure()
    return bytes <= this.#left
  }

  /** Takes rows of at most `mostBytes` each, for which there was room. They are only measured once that matters. */
  take(rows: readonly Row[], mostBytes: number): void {
    this.#left -= rows.length * mostBytes
    this.#unmeasured.push({ rows, mostBytes })
  }

  #measure(): void {
    for (const { rows, mostBytes } of this.#unmeasured) {
      this.#left += rows.length * mostBytes
      for (const row of rows) this.#left -= sizeOf(row)
    }
    this.#unmeasured = []
  }

  /** There were more rows than have room. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** The rows that have room, and in any case the first one. */
  fill(rows: Iterable<Row>): Row[] {
    const taken: Row[] = []
    let { left } = this
    for (const row of rows) {
      const size = sizeOf(row)
      if (size > left && taken.length > 0) {
        this.#isFull = true
        break
      }
      left -= size
      taken.push(row)
    }
    this.#left = Math.max(0, left)
    return taken
  }

  /** Counts what was read elsewhere. */
  settle({ left, isFull }: Pick<Room, 'left' | 'isFull'>): void {
    this.#left = left
    this.#isFull ||= isFull
  }
}

/** Room for so many bytes; undefined if there is no bound. */
export function roomOf(bytes: number): Room | undefined {
  return bytes === Infinity ? undefined : new Room(bytes)
}

/** Bytes of a value that is no text. */
export const PLAIN = 8

/** The size of a stored row, as it is compared with a room. */
function sizeOf(row: Row): number {
  let size = 0
  for (const value of row as readonly unknown[])
    size += typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : PLAIN
  return size
}
