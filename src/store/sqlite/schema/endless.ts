import { spawnSync } from 'node:child_process'

/** Milliseconds within which the rows of a recursive view must be counted. */
const PATIENCE = 3_000

const COUNT = `const { DatabaseSync } = require('node:sqlite')
const [file, view] = process.argv.slice(1)
new DatabaseSync(file, { readOnly: true }).prepare('SELECT count(*) FROM "' + view.replaceAll('"', '""') + '"').get()`

/** Whether a view has endless rows. Another process tries, because a running query cannot be stopped in this one. */
export function isEndless(file: string, view: string): boolean {
  return spawnSync(process.execPath, ['-e', COUNT, file, view], { timeout: PATIENCE, stdio: 'ignore' }).signal !== null
}
