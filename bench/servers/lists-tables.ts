import { DatabaseSync } from 'node:sqlite'
import { LISTS, listTitle, TODOS, todoText } from './lists.ts'

/** The tables that a hand-written server keeps, filled. */
export function openLists(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE list (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
    CREATE TABLE todo (id INTEGER PRIMARY KEY, text TEXT NOT NULL, done INTEGER NOT NULL, list INTEGER NOT NULL REFERENCES list);
    CREATE INDEX todo_list ON todo (list);
    BEGIN`)
  const addList = db.prepare('INSERT INTO list (id, title) VALUES (?, ?)')
  const addTodo = db.prepare('INSERT INTO todo (text, done, list) VALUES (?, 0, ?)')
  for (let id = 1; id <= LISTS; id++) {
    addList.run(id, listTitle(id))
    for (let nth = 0; nth < TODOS; nth++) addTodo.run(todoText(id, nth), id)
  }
  db.exec('COMMIT')
  return db
}

export interface Todo {
  readonly id: number
  readonly text: string
  readonly done: number
  readonly list: number
}
