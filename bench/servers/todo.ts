import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

/** How a server of the benchmark is started: `node servers/NAME.ts --port=N --db=FILE --sync=NORMAL --rows=N`. */
export interface Start {
  readonly port: number
  readonly db: string
  readonly sync: 'NORMAL' | 'FULL'
  readonly rows: number
  /** Whether answers are not cached. */
  readonly uncached: boolean
}

export function readStart(): Start {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      db: { type: 'string' },
      sync: { type: 'string', default: 'NORMAL' },
      rows: { type: 'string', default: '10000' },
      uncached: { type: 'boolean', default: false },
    },
  })
  if (values.db === undefined) throw new Error('--db=FILE is missing')
  const sync = values.sync === 'FULL' ? 'FULL' : 'NORMAL'
  const { port, db, rows, uncached } = values
  return { port: Number(port), db, sync, rows: Number(rows), uncached }
}

/** The runner waits for this line. */
export function tellReady(port: number): void {
  console.log(`ready ${port}`)
}

/** Titles in no order, so that sorting by them is work for an index. */
export const titleOf = (id: number): string =>
  `Todo number ${String((id * 7919) % 100_003).padStart(6, '0')} of the list`

/** Opens the tables of a hand-written server: one table, with an index for its sort. */
export function openTodos({ db: file, sync, rows }: Start): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${sync};
    CREATE TABLE todo (id INTEGER PRIMARY KEY, title TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX todo_title ON todo (title);
    BEGIN`)
  const insert = db.prepare('INSERT INTO todo (id, title, done) VALUES (?, ?, ?)')
  for (let id = 1; id <= rows; id++) insert.run(id, titleOf(id), id % 2)
  db.exec('COMMIT')
  return db
}

export interface Statements {
  readonly get: StatementSync
  readonly list: StatementSync
  readonly create: StatementSync
  readonly patch: StatementSync
}

/** The statements of a hand-written server, prepared once. */
export function prepareTodos(db: DatabaseSync): Statements {
  return {
    get: db.prepare('SELECT id, title, done FROM todo WHERE id = ?'),
    list: db.prepare('SELECT id, title, done FROM todo ORDER BY title, id LIMIT ?'),
    create: db.prepare('INSERT INTO todo (title, done) VALUES (?, ?) RETURNING id, title, done'),
    patch: db.prepare(
      'UPDATE todo SET title = coalesce(?, title), done = coalesce(?, done) WHERE id = ? RETURNING id, title, done',
    ),
  }
}

/** A body as its schema lets it through. */
export interface TodoInput {
  readonly title?: string
  readonly done?: number
}

const title = { type: 'string', minLength: 1, maxLength: 200 } as const
const done = { type: 'integer', minimum: 0, maximum: 1 } as const

/** JSON Schemas of the two bodies and of the answer. */
export const patchSchema: object = { type: 'object', additionalProperties: false, properties: { title, done } }
export const createSchema: object = { ...patchSchema, required: ['title'] }
export const todoSchema: object = {
  type: 'object',
  properties: { id: { type: 'integer' }, title: { type: 'string' }, done: { type: 'integer' } },
}
