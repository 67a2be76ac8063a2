// SIGKILL of a server while clients write, again and again; each time the file is checked as the crash left it.
// `node test/fault/kill9.ts [--kills=500] [--lanes=3] [--synchronous=normal]`. It kills processes, not machines: it proves the
// order of commit and answer and the recovery, not that the disk keeps what it was given.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { callerOf, seqOf, type Answer, type Caller } from './call.ts'
import { start, withProgram, type Program } from './mortal.ts'

/** The result of all kills together. All members after `acknowledged` must be zero. */
export interface Tally {
  kills: number
  acknowledged: number
  /** Answered writes that are not in the log as they were answered. */
  lost: number
  /** Positions that the log leaves out. */
  holes: number
  /** Rows that differ from the fold of the log. */
  wrong: number
  /** Before-images that differ from the after-image before. */
  torn: number
  /** Files that SQLite finds damaged. */
  damaged: number
}

interface Options {
  readonly kills: number
  /** Files that are written and killed side by side. */
  readonly lanes?: number
  readonly synchronous?: 'full' | 'normal'
}

/** Kills after which a file is given up, so that checking it whole stays quick. */
const PER_FILE = 25
/** Clients that write at the same time. */
const WRITERS = 20
/** Milliseconds that a server has at most after its first answer. */
const LIFE = 60

export async function killLoop({ kills, lanes = 3, synchronous = 'full' }: Options): Promise<Tally> {
  const tally: Tally = { kills: 0, acknowledged: 0, lost: 0, holes: 0, wrong: 0, torn: 0, damaged: 0 }
  let started = 0
  const lane = async (program: Program, folder: string, name: number): Promise<void> => {
    let file: Written | null = null
    for (let nth = 0; started < kills; nth++) {
      started++
      if (file === null || nth % PER_FILE === 0)
        file = { path: join(folder, `${name}-${nth}.db`), ids: [], answers: [] }
      const before = file.answers.length
      await writeAndKill(program, file, synchronous)
      tally.kills++
      tally.acknowledged += file.answers.length - before
      check(file, tally)
    }
  }
  await withProgram('note-server', [synchronous], async (program, folder) => {
    await Promise.all(Array.from({ length: lanes }, (_, name) => lane(program, folder, name)))
  })
  return tally
}

/** A file, the rows that it may have, and everything that was ever answered. */
interface Written {
  readonly path: string
  readonly ids: number[]
  readonly answers: Acknowledged[]
}

/** A write that was answered. */
interface Acknowledged {
  readonly op: 'create' | 'patch' | 'delete'
  /** Position of the answer: the last of its commit. */
  readonly seq: number
  readonly id: number
  /** Of the row that was written, null if it was deleted. */
  readonly title: string | null
}

/** Writes until some answers came, kills the server at a moment of chance. */
async function writeAndKill(program: Program, file: Written, synchronous: string): Promise<void> {
  const server = await start(program, [file.path, synchronous])
  const call = callerOf(server.port, WRITERS)
  const before = file.answers.length
  let isDue = false
  const writer = async (): Promise<void> => {
    for (;;) {
      const answers = await write(call, file).catch((error: unknown) => {
        // Without an answer, the server is dead.
        if ((error as { code?: string }).code === undefined) throw error
        return null
      })
      if (answers === null) return
      file.answers.push(...answers)
      if (isDue || file.answers.length === before) continue
      isDue = true
      setTimeout(() => void server.kill('SIGKILL'), Math.random() * LIFE)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
  call.close()
  if (!isDue || (await server.ended) !== 'SIGKILL') throw new Error('the server ended by itself')
}

const below = (n: number): number => Math.floor(Math.random() * n)

/** One write: a row or two made, a row changed, or a row deleted. */
async function write(call: Caller, { ids }: Written): Promise<Acknowledged[]> {
  const dice = ids.length === 0 ? 0 : below(100)
  const title = `written ${Math.random()}`
  const rank = below(2) === 0 ? null : below(100)
  if (dice < 40) {
    const parent = ids.length > 0 && below(2) === 0 ? ids[below(ids.length)]! : null
    const one = { title, rank, parent }
    const answer = await call('POST', '/note', dice < 30 ? one : [one, { title: `${title}, too`, done: true }])
    // The parent may be gone by now.
    if (answer.status === 400 || answer.status === 409) return []
    const seq = positionOf(answer, 201)
    const rows = [answer.body].flat() as { id: number; title: string }[]
    ids.push(...rows.map(row => row.id))
    return rows.map(row => ({ op: 'create', seq, id: row.id, title: row.title }))
  }
  const at = below(ids.length)
  const id = ids[at]!
  if (dice < 95) {
    const answer = await call('PATCH', `/note/${id}`, { title, done: below(2) === 0, ...(dice < 50 ? { rank } : {}) })
    return answer.status === 404 ? [] : [{ op: 'patch', seq: positionOf(answer, 200), id, title }]
  }
  ids.splice(at, 1)
  const answer = await call('DELETE', `/note/${id}`)
  return answer.status === 404 ? [] : [{ op: 'delete', seq: positionOf(answer, 204), id, title: null }]
}

function positionOf({ status, body, headers }: Answer, expected: number): number {
  if (status !== expected) throw new Error(`${status} instead of ${expected}: ${JSON.stringify(body)}`)
  return seqOf(headers['position'] as string)
}

interface Logged {
  readonly seq: number
  /** First position of its commit. */
  readonly tx: number
  readonly id: number
  readonly op: string
  readonly before: string | null
  readonly after: string | null
}
type Image = Readonly<Record<string, unknown>>

function check({ path, answers }: Written, tally: Tally): void {
  const db = new DatabaseSync(path)
  const log = db
    .prepare('SELECT seq, tx, id, op, before, after FROM _restuary_log ORDER BY seq')
    .all() as unknown as Logged[]
  tally.holes += log.filter(({ seq }, i) => seq !== i + 1).length
  tally.lost += answers.filter(answer => !isLogged(answer, log)).length
  const fold = new Map<number, Image>()
  for (const { id, before, after } of log) {
    const was = fold.get(id)
    const image = before === null ? undefined : (JSON.parse(before) as Image)
    if (image === undefined ? was !== undefined : !agrees(was, image)) tally.torn++
    if (after === null) fold.delete(id)
    else fold.set(id, JSON.parse(after) as Image)
  }
  for (const row of db.prepare('SELECT id, _seq, _at, title, rank, done = 1 AS done, parent FROM note').all()) {
    const image = fold.get(row['id'] as number)
    if (image === undefined || !agrees(image, { ...row, done: row['done'] === 1 })) tally.wrong++
    fold.delete(row['id'] as number)
  }
  tally.wrong += fold.size
  const [{ integrity_check: sound }] = db.prepare('PRAGMA integrity_check').all() as [{ integrity_check: string }]
  const broken = db.prepare('PRAGMA foreign_key_check').all()
  if (sound !== 'ok' || broken.length > 0) tally.damaged++
  db.close()
}

/** Whether the commit at the position of an answer contains what was acknowledged. */
function isLogged({ op, seq, id, title }: Acknowledged, log: readonly Logged[]): boolean {
  const tx = log[seq - 1]?.tx
  if (tx === undefined || log[seq]?.tx === tx) return false
  for (let i = seq - 1; log[i]?.tx === tx; i--) {
    const { op: logged, id: of, after } = log[i]!
    if (logged !== op || of !== id) continue
    return after === null ? title === null : (JSON.parse(after) as Image)['title'] === title
  }
  return false
}

const agrees = (whole: Image | undefined, part: Image): boolean =>
  whole !== undefined && Object.entries(part).every(([name, value]) => whole[name] === value)

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '500' },
      lanes: { type: 'string', default: '3' },
      synchronous: { type: 'string', default: 'full' },
    },
  })
  const began = performance.now()
  const tally = await killLoop({
    kills: Number(values.kills),
    lanes: Number(values.lanes),
    synchronous: values.synchronous === 'normal' ? 'normal' : 'full',
  })
  console.log({ ...tally, seconds: Math.round((performance.now() - began) / 100) / 10 })
  const { lost, holes, wrong, torn, damaged } = tally
  process.exitCode = lost + holes + wrong + torn + damaged === 0 ? 0 : 1
}
