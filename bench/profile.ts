// node bench/profile.ts [--only=restuary] [--ops=get] [--seconds=4]: where a server's processor time goes, by function.
import { globSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { contendersOf, type Contender } from './contenders.ts'
import { drive } from './load.ts'
import { readOptions, type Op } from './options.ts'
import { start } from './server.ts'
import { printSpots, type Profile } from './spots.ts'

const results = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(results, { recursive: true })
const options = readOptions(['--only=restuary', '--ops=get', '--seconds=4', ...process.argv.slice(2)])
for (const [name, contender] of contendersOf(options)) {
  for (const op of options.ops) await profile(name, contender, op)
}

async function profile(name: string, contender: Contender, op: Op): Promise<void> {
  const directory = mkdtempSync(`${results}profile-`)
  const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`]
  const server = await start({
    ...contender,
    command: (port, db) => {
      const [node, ...args] = contender.command(port, db)
      return [node!, ...flags, ...args]
    },
  })
  const { seconds, connections, rows } = options
  // The run is done twice, because the first one compiles and allocates things that do not count.
  const load = { op, port: server.port, seconds, connections, rows, dialect: contender.dialect }
  await drive({ ...load, seconds: 1 })
  const since = now()
  const { requests } = await drive(load)
  const until = now()
  await server.stop()
  const [file] = globSync('*.cpuprofile', { cwd: directory })
  if (file === undefined) throw new Error(`${name} left no profile in ${directory}`)
  const found = JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) as Profile
  printSpots(`${name} ${op}`, found, requests, 'a request', { since, until })
  console.log(`  for a viewer: ${directory}/${file}`)
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
