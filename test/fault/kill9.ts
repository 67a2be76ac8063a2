// SIGKILL of a process that writes, again and again; each time the file is checked as the crash left it.
// `node test/fault/kill9.ts --kills=500 [--lanes=2] [--synchronous=normal]`. It kills processes, not machines: it proves the
// order of commit and answer and the recovery, not that the disk keeps what it was given.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

/** What all kills together showed. Everything below `acknowledged` must be zero. */
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

export async function killLoop({ kills, lanes = 2, synchronous = 'full' }: Options): Promise<Tally> {
  const tally: Tally = { kills: 0, acknowledged: 0, lost: 0, holes: 0, wrong: 0, torn: 0, damaged: 0 }
  const folder = mkdtempSync(join(tmpdir(), 'restuary-kill9-'))
  let started = 0
  const lane = async (name: number): Promise<void> => {
    for (let nth = 0; started < kills; nth++) {
      started++
      const file = join(folder, `${name}-${Math.floor(nth / PER_FILE)}.db`)
      check(file, await writeAndKill(file, synchronous, folder), tally)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, (_, name) => lane(name)))
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 3 })
  }
  return tally
}

/** Runs writers until some answers came, kills them at a moment of chance, and returns all that was answered. */
async function writeAndKill(file: string, synchronous: string, folder: string): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writers.ts'), file, synchronous], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Each process would otherwise spend most of its life on compiling the sources.
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') },
  })
  let answered = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    if (answered === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * 40)
    answered += text
  })
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (signal !== 'SIGKILL') throw new Error('the writers ended by themselves')
  return answered.split('\n').slice(0, -1)
}

interface Logged {
  readonly seq: number
  readonly id: number
  readonly op: string
  readonly before: string | null
  readonly after: string | null
}
type Image = Readonly<Record<string, unknown>>

function check(file: string, answers: readonly string[], tally: Tally): void {
  const db = new DatabaseSync(file)
  const log = db
    .prepare('SELECT seq, id, op, before, after FROM _restuary_log ORDER BY seq')
    .all() as unknown as Logged[]
  tally.kills++
  tally.acknowledged += answers.length
  tally.holes += log.filter(({ seq }, i) => seq !== i + 1).length
  for (const answer of answers) {
    const [seq, op, id] = answer.split(' ')
    const logged = log[Number(seq) - 1]
    if (logged === undefined || logged.op !== op || String(logged.id) !== id) tally.lost++
  }
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

const agrees = (whole: Image | undefined, part: Image): boolean =>
  whole !== undefined && Object.entries(part).every(([name, value]) => whole[name] === value)

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '500' },
      lanes: { type: 'string', default: '2' },
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
