// SIGKILL of a server between commit and answer (and right before the commit), again and again, while clients send again
// what was not answered, with the same Idempotency-Key. `npm run fault:idempotency -- --kills=500`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

/** What all kills together showed. */
export interface Tally {
  kills: number
  keys: number
  /** Requests that were sent again; some of them had taken effect. */
  retries: number
  /** Retries that were answered with what was kept: their first sending had been committed and not answered. */
  replayed: number
  /** Keys without an effect, and with more than one. Both must be zero. */
  missing: number
  doubled: number
  /** Answers that name another row than the one that the key made. Must be zero. */
  wrong: number
}

/** Requests under way when a server dies. */
const AT_ONCE = 12

export async function killAndRetry(kills: number): Promise<Tally> {
  const tally: Tally = { kills: 0, keys: 0, retries: 0, replayed: 0, missing: 0, doubled: 0, wrong: 0 }
  const folder = mkdtempSync(join(tmpdir(), 'restuary-idempotency-'))
  const file = join(folder, 'note.db')
  const answered = new Map<string, number>()
  let open: string[] = []
  try {
    for (let round = 0; round <= kills; round++) {
      const last = round === kills
      const server = await start(
        file,
        last ? 'never' : round % 4 === 3 ? 'before' : 'after',
        1 + (round % AT_ONCE),
        folder,
      )
      tally.retries += open.length
      const more = last ? 0 : AT_ONCE - open.length
      for (let i = 0; i < more; i++) open.push(`key-${tally.keys++}`)
      const results = await Promise.all(open.map(key => send(server.url, key)))
      results.forEach((result, i) => {
        if (result === null) return
        answered.set(open[i]!, result.id)
        if (result.replayed) tally.replayed++
      })
      open = open.filter(key => !answered.has(key))
      if (last) server.process.kill('SIGTERM')
      const [, signal] = await server.ended
      if (!last && signal === 'SIGKILL') tally.kills++
    }
    count(file, answered, tally)
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 3 })
  }
  return tally
}

async function start(
  file: string,
  moment: string,
  nth: number,
  folder: string,
): Promise<{ url: string; process: ReturnType<typeof spawn>; ended: Promise<[number | null, NodeJS.Signals | null]> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'mortal-server.ts'), file, moment, String(nth)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') },
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { url, process: child, ended }
}

/** The id of the row that a key made; null if nobody answered. */
async function send(url: string, key: string): Promise<{ id: number; replayed: boolean } | null> {
  try {
    const answer = await fetch(`${url}/note`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ text: key }),
    })
    if (answer.status !== 201) throw new Error(`${key} was answered ${answer.status}: ${await answer.text()}`)
    const { id } = (await answer.json()) as { id: number }
    return { id, replayed: answer.headers.get('idempotency-replayed') === 'true' }
  } catch (error) {
    if (error instanceof TypeError) return null // the connection broke
    throw error
  }
}

function count(file: string, answered: ReadonlyMap<string, number>, tally: Tally): void {
  const db = new DatabaseSync(file)
  const rows = db.prepare('SELECT id, text FROM note').all() as { id: number; text: string }[]
  db.close()
  const made = Map.groupBy(rows, row => row.text)
  for (let i = 0; i < tally.keys; i++) {
    const key = `key-${i}`
    const found = made.get(key) ?? []
    if (found.length === 0) tally.missing++
    else if (found.length > 1) tally.doubled++
    else if (found[0]!.id !== answered.get(key)) tally.wrong++
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '500' } } })
  const began = performance.now()
  const tally = await killAndRetry(Number(values.kills))
  console.log({ ...tally, seconds: Math.round((performance.now() - began) / 100) / 10 })
  process.exitCode = tally.missing + tally.doubled + tally.wrong === 0 ? 0 : 1
}
