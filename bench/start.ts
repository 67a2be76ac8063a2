// npm run build && node bench/start.ts: from the start of the todo example to its first answer, and its memory at rest,
// on the built package.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { residentBytes } from './machine.ts'
import { median } from './report.ts'
import { freePort } from './server.ts'

/** Seconds, and bytes of resident memory. */
const LIMIT = { start: 0.6, memory: 120e6 }
const TIMES = 7

const dist = new URL('../dist/index.js', import.meta.url)
if (!existsSync(dist)) throw new Error('dist/ is missing: npm run build')
const results = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(results, { recursive: true })
const directory = mkdtempSync(`${results}start-`)
const example = readFileSync(new URL('../examples/todo/main.ts', import.meta.url), 'utf8')
writeFileSync(`${directory}/main.ts`, example.replace('../../src/index.ts', dist.href))

const starts: number[] = []
const memories: number[] = []
try {
  for (let i = 0; i < TIMES; i++) {
    const { seconds, bytes } = await startOnce()
    starts.push(seconds)
    memories.push(bytes)
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
print('start to first answer', starts, LIMIT.start, 's', 3)
print(
  'memory at rest',
  memories.map(bytes => bytes / 1e6),
  LIMIT.memory / 1e6,
  'MB',
  0,
)

/** Prints the lowest value, because other processes can only add to it. */
function print(what: string, values: readonly number[], limit: number, unit: string, digits: number): void {
  const best = Math.min(...values)
  const figures = `${best.toFixed(digits)} ${unit}, median ${median(values).toFixed(digits)} of ${values.length}`
  console.log(`${what}: ${figures}; limit ${limit} ${unit}: ${best < limit ? 'held' : 'BROKEN'}`)
}

async function startOnce(): Promise<{ seconds: number; bytes: number }> {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(process.execPath, ['main.ts'], {
    cwd: directory,
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  })
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()))
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`the example ended with ${child.exitCode}`)
      await sleep(5)
    }
    const seconds = (performance.now() - began) / 1000
    await sleep(1000)
    return { seconds, bytes: residentBytes(child.pid!) }
  } finally {
    child.kill('SIGTERM')
    await gone
  }
}

/** True once there is an answer of 200 to a list. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /todo HTTP/1.1\r\nhost: localhost\r\n\r\n'))
    socket.setEncoding('latin1').on('data', (text: string) => {
      socket.destroy()
      if (text.startsWith('HTTP/1.1 200')) resolve(true)
      else reject(new Error(`the first answer is ${text.slice(0, 200)}`))
    })
    socket.on('error', () => resolve(false))
  })
}
