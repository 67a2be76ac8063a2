// A PostgreSQL server for tests: one for the whole run, started when the first test needs it.
import { spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The programs of the newest version that is installed; undefined if there is none. */
function programs(): string | undefined {
  const inPath = (process.env['PATH'] ?? '').split(':').filter(folder => existsSync(join(folder, 'initdb')))
  const packaged = globSync('/usr/lib/postgresql/*/bin').filter(folder => existsSync(join(folder, 'initdb')))
  return [...packaged, ...inPath].toSorted((a, b) => version(b) - version(a))[0]
}

const version = (folder: string): number => Number(/postgresql\/(\d+)/.exec(folder)?.[1] ?? 0)

/** Whether tests with a server can run. */
export const hasPostgres = (): boolean => programs() !== undefined

/** The server refuses to run as root, so then it runs as the user that its package has made. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (option: string): number => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

/** Makes an empty folder for a server that is not started yet. */
export function postgresFolder(within: string = tmpdir()): string {
  const folder = mkdtempSync(join(within, 'restuary-postgres-'))
  const { uid, gid } = owner() ?? {}
  if (uid !== undefined) chownSync(folder, uid, gid!)
  return folder
}

/** Tests do not need their data after the machine has lost its power. */
const CARELESS = { fsync: 'off', full_page_writes: 'off' }

/**
 * Starts the server of a folder, unless another thread or process has started it. `settings` are those that differ from its
 * defaults. Returns a connection string.
 */
export async function startPostgres(
  folder: string,
  settings: Readonly<Record<string, string>> = CARELESS,
): Promise<string> {
  const url = `postgresql:///postgres?host=${folder}&user=postgres`
  const ready = join(folder, 'ready')
  try {
    mkdirSync(join(folder, 'starting'))
  } catch {
    for (let wait = 0; !existsSync(ready); wait++) {
      if (wait > 1_200) throw new Error(`the PostgreSQL server in ${folder} does not start: see its log there`)
      await new Promise(resolve => void setTimeout(resolve, 50))
    }
    return url
  }
  const bin = programs()!
  const data = join(folder, 'data')
  const as = owner()
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...as, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  await launch(folder, settings)
  watch(folder)
  writeFileSync(ready, '')
  return url
}

async function launch(folder: string, settings: Readonly<Record<string, string>> = CARELESS): Promise<void> {
  const bin = programs()!
  const log = openSync(join(folder, 'log'), 'a')
  const all = { listen_addresses: '', max_connections: '300', ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), '-k', folder, ...options], {
    ...owner(),
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log],
  }).unref()
  closeSync(log)
  for (let wait = 0; spawnSync(join(bin, 'pg_isready'), ['-q', '-h', folder]).status !== 0; wait++) {
    if (wait > 600) throw new Error(`the PostgreSQL server in ${folder} does not start: see its log there`)
    await new Promise(resolve => void setTimeout(resolve, 20))
  }
}

/** Ends the server if the process of the tests is killed, so that nobody else can. */
function watch(folder: string): void {
  const script = `
    while kill -0 "$0" 2>/dev/null; do sleep 1; done
    [ -f "$1/data/postmaster.pid" ] && kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")" && rm -rf "$1"`
  spawn('sh', ['-c', script, String(process.pid), folder], { detached: true, stdio: 'ignore' }).unref()
}

/** Ends all processes of a running server at once, as a crash does, and starts it again. */
export async function crashPostgres(folder: string): Promise<void> {
  end(folder)
  await launch(folder)
}

/** Starts a second server that follows the first one (a streaming replica). Returns its folder. */
export async function startStandby(folder: string): Promise<string> {
  const own = postgresFolder()
  const args = [
    '-h',
    folder,
    '-U',
    'postgres',
    '-D',
    join(own, 'data'),
    '-R',
    '-X',
    'stream',
    '-c',
    'fast',
    '--no-sync',
  ]
  const made = spawnSync(join(programs()!, 'pg_basebackup'), args, { ...owner(), cwd: own, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`pg_basebackup failed: ${made.stderr}`)
  await launch(own)
  watch(own)
  return own
}

/** Ends all processes of a server at once, and does not start it again. */
export function haltPostgres(folder: string): void {
  end(folder)
}

/** Starts a replica that was halted, and makes it a server of its own, which takes writes. */
export async function promoteStandby(folder: string): Promise<void> {
  await launch(folder)
  const args = ['-D', join(folder, 'data'), '-w', 'promote']
  const made = spawnSync(join(programs()!, 'pg_ctl'), args, { ...owner(), cwd: folder, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`the replica was not promoted: ${made.stderr}`)
}

function end(folder: string): void {
  const data = join(folder, 'data')
  spawnSync(join(programs()!, 'pg_ctl'), ['-D', data, '-m', 'immediate', '-w', 'stop'], { ...owner(), cwd: folder })
}

/** Stops the server of a folder, if it was started, and removes the folder. */
export function stopPostgres(folder: string): void {
  if (existsSync(join(folder, 'data'))) end(folder)
  rmSync(folder, { recursive: true, force: true })
}
