import { backup, DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { writeNewFile } from '../new-file.ts'

/** All pages in one step, in a thread of Node's pool. The copy is one consistent state, and writers go on meanwhile. */
const ALL_PAGES = 0x7fffffff

/**
 * Copies a SQLite file that may be in use to a new file, with SQLite's online backup, and checks the copy. Rejects if the new
 * file exists, cannot be written, or does not pass the check; then there is no new file.
 */
export function backUp(file: string, to: string): Promise<void> {
  return copyTo(to, async temporary => {
    const source = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    try {
      await backup(source, temporary, { rate: ALL_PAGES })
    } finally {
      source.close()
    }
  })
}

/** The same for a database in memory, which only its own connection can read. */
export function backUpMemory(database: DatabaseSync, to: string): Promise<void> {
  return copyTo(to, async temporary => {
    database.prepare('VACUUM INTO ?').run(temporary)
  })
}

async function copyTo(to: string, copy: (temporary: string) => Promise<void>): Promise<void> {
  await writeNewFile(to, async temporary => {
    await copy(temporary)
    const faults = await faultsOf(temporary)
    if (faults.length > 0) throw new Error(`the copy of the database is not sound:\n${faults.join('\n')}`)
  })
}

/** Reads the whole file in a thread of its own, because the check of a large file takes seconds. */
function faultsOf(file: string): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>()
  const worker = new Worker(CHECK, { eval: true, workerData: file })
  worker.once('message', resolve)
  worker.once('error', reject)
  return promise
}

// A journal of its own would stay beside the copy: WAL mode is taken up again by whoever opens the copy.
const CHECK = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const db = new DatabaseSync(workerData)
  const rows = db.prepare('PRAGMA integrity_check').all()
  db.close()
  parentPort.postMessage(rows.map(row => row.integrity_check).filter(text => text !== 'ok'))`
