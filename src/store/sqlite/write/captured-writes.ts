import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { Id, Join, Model, Resource, Row } from '../../../model/model.ts'
import { recordCaptured, type CapturedLink, type CapturedRow } from '../../captured/captured-rows.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Layouts } from '../../sql/layout.ts'
import type { Transaction } from '../../store.ts'
import { run } from '../../work.ts'
import type { Connection, Statement } from '../connection.ts'
import { capturedColumns, isCaptured, isTableCaptured, MARK, UNMARK } from '../schema/triggers.ts'
import { storedRow } from './stored-row.ts'

/** How many captured changes are recorded in one commit. */
const MOST = 1_000

/** A table whose rows triggers capture. */
interface CapturedTable {
  readonly of: Resource | Join
  readonly columns: readonly string[]
}

type Taken = [n: number, name: string, before: string | null, after: string | null]

interface Statements {
  readonly any: Statement
  readonly take: Statement
  readonly forget: Statement
  readonly mark: Statement
  readonly unmark: Statement
}

/** What other programs write to the file, where triggers are installed that capture it. */
export class CapturedWrites {
  readonly #connection: Connection
  readonly #layouts: Layouts
  readonly #model: Model
  readonly #schemaVersion: Statement
  #seenVersion: unknown
  /** null = no triggers are installed. */
  #statements: Statements | null = null
  #tables: ReadonlyMap<string, CapturedTable> = new Map()
  /** Each table that is served has its triggers, so that no change of other programs goes without being captured. */
  isComplete = false
  /** There may be more than a commit could take. */
  isLeft = false

  constructor(connection: Connection, layouts: Layouts, model: Model) {
    this.#connection = connection
    this.#layouts = layouts
    this.#model = model
    this.#schemaVersion = connection.prepare('PRAGMA schema_version')
    this.isLeft = this.look()
  }

  get isInstalled(): boolean {
    return this.#statements !== null
  }

  /** Called when another process has committed. Returns whether something was captured. */
  look(): boolean {
    const version = this.#schemaVersion.get()?.[0]
    if (version !== this.#seenVersion) {
      this.#seenVersion = version
      this.#prepare()
    }
    return this.#statements?.any.get() !== undefined
  }

  /**
   * Records what was captured as the first commit of a transaction, and marks that the application itself writes from here on.
   * Returns whether all of it could be understood.
   */
  begin(tx: Transaction): boolean {
    const { take, forget, mark } = this.#statements!
    mark.run()
    const taken = take.all() as unknown as Taken[]
    this.isLeft = taken.length === MOST
    const last = taken.at(-1)
    if (last === undefined) return true
    forget.run(last[0])
    const rows: CapturedRow[] = []
    const links: CapturedLink[] = []
    let isUnderstood = true
    for (const [, name, before, after] of taken) {
      const table = this.#tables.get(name)
      // Tables that this version of the application does not declare are no business of it.
      if (table === undefined) continue
      const images = [before, after].map(text => (text === null ? null : valuesOf(text)))
      const isFit = images.every(values => values === null || values.length === table.columns.length)
      if (isFit) this.#add(table, images as [Bind[] | null, Bind[] | null], rows, links)
      isUnderstood &&= isFit
    }
    void run(recordCaptured(this.#model, rows, links, tx))
    return isUnderstood
  }

  /** Takes the mark away again, before the commit. */
  end(): void {
    this.#statements!.unmark.run()
  }

  #add(
    { of, columns }: CapturedTable,
    [before, after]: readonly [Bind[] | null, Bind[] | null],
    rows: CapturedRow[],
    links: CapturedLink[],
  ): void {
    if ('columns' in of) {
      const layout = getOrThrow(this.#layouts, of)
      const row = (values: Bind[] | null): Row | null => values && storedRow(this.#connection, layout, columns, values)
      rows.push({ resource: of, before: row(before), after: row(after) })
      return
    }
    const [a, b] = [columns.indexOf(of.a.column), columns.indexOf(of.b.column)]
    if (before !== null) links.push({ join: of, op: 'remove', a: idOf(before[a]!), b: idOf(before[b]!) })
    if (after !== null) links.push({ join: of, op: 'add', a: idOf(after[a]!), b: idOf(after[b]!) })
  }

  #prepare(): void {
    this.#statements = null
    this.isComplete = false
    if (!isCaptured(this.#connection)) return
    const prepare = (sql: string): Statement => this.#connection.prepare(sql)
    this.#statements = {
      any: prepare('SELECT 1 FROM _restuary_captured LIMIT 1'),
      take: prepare(`SELECT n, name, before, after FROM _restuary_captured ORDER BY n LIMIT ${MOST}`),
      forget: prepare('DELETE FROM _restuary_captured WHERE n <= ?'),
      mark: prepare(MARK),
      unmark: prepare(UNMARK),
    }
    const stored = [...this.#model.resources.values()].filter(({ options }) => options.foreign?.derived !== true)
    const tables = [...stored, ...this.#model.joins].map((of): [string, CapturedTable] => [
      of.table,
      { of, columns: capturedColumns(this.#connection, of.table) },
    ])
    this.#tables = new Map(tables)
    this.isComplete = tables.every(([table]) => isTableCaptured(this.#connection, table))
  }
}

/** A text in quotes, or whatever else stands between two commas. */
const LITERAL = /'(?:[^']|'')*'|[^,]+/g

/** The values of a row that a trigger has written as literals. */
function valuesOf(image: string): Bind[] {
  return (image.match(LITERAL) ?? []).map(literal => {
    if (literal === 'NULL') return null
    if (literal.startsWith(`'`)) return literal.slice(1, -1).replaceAll(`''`, `'`)
    if (literal.startsWith('X')) return Buffer.from(literal.slice(2, -1), 'hex')
    return /^-?\d+$/.test(literal) ? BigInt(literal) : Number(literal)
  })
}

const idOf = (value: Bind): Id => (typeof value === 'bigint' ? Number(value) : value) as Id
