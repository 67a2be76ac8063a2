// Several processes may open a file in the same moment, and a file of an earlier version gets what it lacks.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { openedFile } from '../../testing/store-suite/opened-file.ts'
import { model } from '../../testing/store-suite/world.ts'

/** A process that begins to write, says so, and ends its transaction a little later. */
const OTHER = `
  const { workerData, parentPort } = require('node:worker_threads')
  const db = new (require('node:sqlite').DatabaseSync)(workerData)
  db.exec('BEGIN IMMEDIATE; ALTER TABLE _restuary_log ADD COLUMN signature TEXT')
  parentPort.postMessage('begun')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  db.exec('COMMIT')
  db.close()`

test('a column that another process adds in the same moment is not added twice', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-open-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'a.db')
  openedFile(model, file).state.connection.close()
  const earlier = new DatabaseSync(file)
  earlier.exec('ALTER TABLE _restuary_log DROP COLUMN signature')
  earlier.close()
  const other = new Worker(OTHER, { eval: true, workerData: file })
  await once(other, 'message')
  const { state } = openedFile(model, file)
  const columns = state.connection.prepare(`SELECT name FROM pragma_table_info('_restuary_log')`).all().flat()
  expect(columns.filter(name => name === 'signature')).toHaveLength(1)
  state.connection.close()
  await once(other, 'exit')
})
