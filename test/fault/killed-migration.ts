import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PROGRAM = join(import.meta.dirname, 'migrate-program.ts')

/** How a process ended: by itself after so many milliseconds, or null if it was killed. */
export type Ended = number | null

/** Runs `restuary migrate` in a process, and kills it so many milliseconds after it has begun. */
export async function runKilled(way: 'apply' | 'down', module: string, life: number): Promise<Ended> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, way, module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.stdout.resume()
  const begun = performance.now()
  await Promise.race([closed, sleep(life, undefined, { ref: false })])
  child.kill('SIGKILL')
  const [code] = (await closed) as [number | null]
  return code === 0 ? performance.now() - begun : null
}
