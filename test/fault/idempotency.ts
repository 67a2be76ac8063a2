// SIGKILL of a server between commit and answer (and right before the commit), again and again, while clients send again
// what was not answered, with the same Idempotency-Key. `node test/fault/idempotency.ts [--kills=500] [--storms=3]`.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { callerOf } from './call.ts'
import { start, withProgram, type Mortal, type Program } from './mortal.ts'

/** The result of all kills together. */
export interface Tally {
  /** Between a commit and its answer. */
  kills: number
  /** Right before a commit: the write never was. */
  before: number
  keys: number
  /** Requests that were sent again; some of them had taken effect. */
  retries: number
  /** Retries that got the stored answer: the first request had been committed, but not answered. */
  replayed: number
  /** Keys without an effect, and with more than one. Both must be zero. */
  missing: number
  doubled: number
  /** Answers that name another row than the one that the key made. Must be zero. */
  wrong: number
}

/** Requests under way when a server dies. */
const AT_ONCE = 12
/** Requests with one key, all at once. */
const STORM = 1_000

interface Options {
  /** Between a commit and its answer; there is one before a commit for every four of them. */
  readonly kills: number
  /** How often one key is sent a thousand times at once, and the server dies at the first commit of it. */
  readonly storms: number
  /** Files that are written side by side. */
  readonly lanes?: number
}

export async function killAndRetry({ kills, storms, lanes = 3 }: Options): Promise<Tally> {
  const tally: Tally = { kills: 0, before: 0, keys: 0, retries: 0, replayed: 0, missing: 0, doubled: 0, wrong: 0 }
  let left = kills
  let round = 0
  const lane = async (program: Program, folder: string, name: number): Promise<void> => {
    const file: Written = { path: join(folder, `${name}.db`), keys: [], answered: new Map() }
    let open: string[] = []
    while (left > 0) {
      const moment = round % 5 === 4 ? 'before' : 'after'
      const nth = 1 + (round++ % AT_ONCE)
      if (moment === 'after') left--
      tally.retries += open.length
      while (open.length < AT_ONCE) {
        const key = `key-${name}.${file.keys.length}`
        file.keys.push(key)
        open.push(key)
      }
      const server = await start(program, [file.path, moment, String(nth)])
      open = await sendAll(server, open, file, tally)
      if (open.length > 0) await hasDied(server, moment, tally)
      else {
        // It had fewer commits to do than it would have died of.
        await server.kill('SIGKILL')
        if (moment === 'after') left++
      }
    }
    for (let storm = 0; storm < (name === 0 ? storms : 0); storm++) {
      const key = `storm-${storm}`
      file.keys.push(key)
      const first = await start(program, [file.path, 'after', '1'])
      await sendAll(
        first,
        Array.from({ length: STORM }, () => key),
        file,
        tally,
      )
      await hasDied(first, 'after', tally)
      tally.retries += STORM
      open.push(...Array.from({ length: STORM }, () => key))
    }
    const last = await start(program, [file.path, 'never', '0'])
    const unanswered = await sendAll(last, open, file, tally)
    if (unanswered.length > 0) throw new Error(`${unanswered.length} requests have no answer`)
    await last.kill('SIGTERM')
    count(file, tally)
  }
  await withProgram('mortal-server', ['never', '0'], async (program, folder) => {
    await Promise.all(Array.from({ length: lanes }, (_, name) => lane(program, folder, name)))
  })
  return tally
}

/** A file, the keys that were ever sent to it, and the ids that the answers named. */
interface Written {
  readonly path: string
  readonly keys: string[]
  readonly answered: Map<string, number>
}

async function hasDied(server: Mortal, moment: 'before' | 'after', tally: Tally): Promise<void> {
  if ((await server.ended) !== 'SIGKILL') throw new Error('the server ended by itself')
  if (moment === 'after') tally.kills++
  else tally.before++
}

/** Sends a request for each key, all at once. Returns the keys without an answer. */
async function sendAll(
  server: Mortal,
  keys: readonly string[],
  { answered }: Written,
  tally: Tally,
): Promise<string[]> {
  const call = callerOf(server.port, keys.length)
  const send = async (key: string): Promise<string[]> => {
    const headers = { 'idempotency-key': key }
    const answer = await call('POST', '/note', { text: key }, headers).catch(() => null)
    if (!answer) return [key]
    if (answer.status !== 201) throw new Error(`${key} was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    const { id } = answer.body as { id: number }
    if ((answered.get(key) ?? id) !== id) tally.wrong++
    answered.set(key, id)
    if (answer.headers['idempotency-replayed'] === 'true') tally.replayed++
    return []
  }
  const open = await Promise.all(keys.map(send))
  call.close()
  return open.flat()
}

function count({ path, keys, answered }: Written, tally: Tally): void {
  const db = new DatabaseSync(path)
  const rows = db.prepare('SELECT id, text FROM note').all() as { id: number; text: string }[]
  db.close()
  const made = Map.groupBy(rows, row => row.text)
  tally.keys += keys.length
  for (const key of keys) {
    const found = made.get(key) ?? []
    if (found.length === 0) tally.missing++
    else if (found.length > 1) tally.doubled++
    else if (found[0]!.id !== answered.get(key)) tally.wrong++
  }
  // There is nothing that nobody sent.
  tally.wrong += new Set(made.keys()).difference(new Set(keys)).size
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '500' }, storms: { type: 'string', default: '3' } },
  })
  const began = performance.now()
  const tally = await killAndRetry({ kills: Number(values.kills), storms: Number(values.storms) })
  console.log({ ...tally, seconds: Math.round((performance.now() - began) / 100) / 10 })
  process.exitCode = tally.missing + tally.doubled + tally.wrong === 0 ? 0 : 1
}
