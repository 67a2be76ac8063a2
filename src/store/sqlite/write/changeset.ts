/** A value of SQLite as it is stored. */
type Stored = number | bigint | string | Uint8Array | null

/** A row that changed, by the columns of its table; what stayed as it was is undefined, except the key. */
export interface ChangedRow {
  readonly table: string
  readonly op: 'create' | 'patch' | 'delete'
  /** A trigger or a foreign key has made the change, not the statement itself. */
  readonly isIndirect: boolean
  /** Empty for a new row. */
  readonly before: readonly (Stored | undefined)[]
  /** Empty for a row that is gone. */
  readonly after: readonly (Stored | undefined)[]
}

const OPERATIONS: ReadonlyMap<number, ChangedRow['op']> = new Map([
  [9, 'delete'],
  [18, 'create'],
  [23, 'patch'],
])
const TABLE = 0x54

/**
 * Reads what a session of SQLite has recorded (`sqlite3session_changeset`). For each table: `T`, the number of its columns, a byte
 * for each column, and its name; then for each row the operation, whether it was indirect, and the values before and after.
 */
export function readChangeset(bytes: Uint8Array): ChangedRow[] {
  const reader = new ChangesetReader(bytes)
  const rows: ChangedRow[] = []
  let columns = 0
  let table = ''
  while (!reader.isAtEnd) {
    const first = reader.byte()
    if (first === TABLE) {
      columns = reader.length()
      reader.skip(columns)
      table = reader.name()
      continue
    }
    const op = OPERATIONS.get(first)
    if (op === undefined) throw new Error(`a changeset has no operation ${first}`)
    const isIndirect = reader.byte() !== 0
    const before = op === 'create' ? [] : reader.values(columns)
    const after = op === 'delete' ? [] : reader.values(columns)
    rows.push({ table, op, isIndirect, before, after })
  }
  return rows
}

class ChangesetReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#view.getUint8(this.#at++)
  }

  skip(count: number): void {
    this.#at += count
  }

  /** A number in 7 bits per byte, the highest first. Lengths are below 2^53. */
  length(): number {
    let value = 0
    for (;;) {
      const byte = this.byte()
      value = value * 128 + (byte & 0x7f)
      if (byte < 0x80) return value
    }
  }

  name(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    const name = text.decode(this.#bytes.subarray(this.#at, end))
    this.#at = end + 1
    return name
  }

  values(count: number): (Stored | undefined)[] {
    return Array.from({ length: count }, () => this.#value())
  }

  #value(): Stored | undefined {
    const type = this.byte()
    switch (type) {
      case 0:
        return undefined
      case 1: {
        const value = this.#view.getBigInt64(this.#move(8))
        return Number.isSafeInteger(Number(value)) ? Number(value) : value
      }
      case 2:
        return this.#view.getFloat64(this.#move(8))
      case 3:
        return text.decode(this.#block())
      case 4:
        return this.#block()
      case 5:
        return null
      default:
        throw new Error(`a changeset has no type ${type}`)
    }
  }

  #block(): Uint8Array {
    const length = this.length()
    const start = this.#move(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** The place before a step. */
  #move(count: number): number {
    const at = this.#at
    this.#at += count
    return at
  }
}

const text = new TextDecoder()
