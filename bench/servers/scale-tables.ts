// What the hand-written servers of live-scale.ts have in common: the tables of scale/world.ts, and what a subscriber asks for.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { ScaleStart } from './scale-start.ts'
import { SHARED, textOf, type Reading } from '../scale/world.ts'

/** The tables, filled, each way through them with an index. */
export function openTables({ db: file, size: { users, todos } }: ScaleStart): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE list (id INTEGER PRIMARY KEY, title TEXT NOT NULL, owner INTEGER NOT NULL);
    CREATE TABLE member (list INTEGER NOT NULL, user INTEGER NOT NULL, PRIMARY KEY (list, user)) WITHOUT ROWID;
    CREATE TABLE todo (id INTEGER PRIMARY KEY, text TEXT NOT NULL, n INTEGER NOT NULL, open INTEGER NOT NULL,
      owner INTEGER NOT NULL, list INTEGER NOT NULL);
    CREATE INDEX list_owner ON list (owner);
    CREATE INDEX member_user ON member (user);
    CREATE INDEX todo_n ON todo (n);
    CREATE INDEX todo_open ON todo (open);
    CREATE INDEX todo_owner ON todo (owner);
    CREATE INDEX todo_list ON todo (list);
    BEGIN`)
  const addList = db.prepare('INSERT INTO list (title, owner) VALUES (?, ?)')
  const addMember = db.prepare('INSERT INTO member (list, user) VALUES (?, ?)')
  const addTodo = db.prepare('INSERT INTO todo (text, n, open, owner, list) VALUES (?, ?, 0, ?, ?)')
  for (let id = 1, n = 0; id <= users; id++) {
    addList.run(`list ${id}`, id)
    for (const far of SHARED) addMember.run(id, ((id - 1 + far) % users) + 1)
    for (let i = 0; i < todos; i++, n++) addTodo.run(textOf(n), n, id, id)
  }
  addList.run('shared', 1)
  for (let id = 1; id <= 10; id++) addMember.run(users + 1, id)
  addTodo.run('shared', 1, 1, users + 1)
  db.exec('COMMIT')
  return db
}

/** The todos that a user may read, or the last twenty from a number on. */
const QUESTIONS: Readonly<Record<Reading, string>> = {
  relation: 'SELECT * FROM todo WHERE list IN (SELECT id FROM list WHERE owner = ?1) ORDER BY id',
  membership: 'SELECT * FROM todo WHERE list IN (SELECT list FROM member WHERE user = ?1) ORDER BY id',
  'any of three':
    'SELECT * FROM todo WHERE open = 1 OR owner = ?1 OR list IN (SELECT list FROM member WHERE user = ?1) ORDER BY id',
  'its owner': 'SELECT * FROM todo WHERE owner = ?1 ORDER BY id',
  everybody: 'SELECT * FROM todo WHERE n >= ?1 ORDER BY n DESC LIMIT 20',
}

export function questionOf(db: DatabaseSync, reading: Reading): StatementSync {
  return db.prepare(QUESTIONS[reading])
}

/** A todo as it is kept. */
export interface Todo {
  readonly id: number
  readonly text: string
  readonly n: number
  readonly open: number
  readonly owner: number
  readonly list: number
}

/** Gives a todo another text, and returns it. */
export function changing(db: DatabaseSync): (id: number, text: string) => Todo {
  const change = db.prepare('UPDATE todo SET text = ? WHERE id = ? RETURNING *')
  return (id, text) => change.get(text, id) as unknown as Todo
}
