// Runs tests whose sources have faults planted into them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Planted } from './oracle-planted.ts'

export interface PlantedForTest {
  /** A part of the title of the test that has to fail. */
  readonly test: string
  readonly faults: readonly Planted[]
}

/** Runs a test of these files with the faults planted. Resolves to whether it has failed, as it has to. */
export async function failsWith({ test, faults }: PlantedForTest, files: readonly string[]): Promise<boolean> {
  const root = join(import.meta.dirname, '../..')
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--root',
    '.',
    '--config',
    'test/fault/planted.config.ts',
    '-t',
    test,
  ]
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PLANTED: JSON.stringify(faults), PLANTED_IN: files.join(' '), FORCE_COLOR: '0' },
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (out += text))
  const [code] = (await once(child, 'close')) as [number]
  if (out.includes('does not have once:')) throw new Error(out)
  if (!out.includes(test)) throw new Error(`no test is called ${test}:\n${out}`)
  return code !== 0
}

/** Plants all faults, or those whose names have the text of `--only`, and tells which are found. */
export async function tellAll(
  planted: Readonly<Record<string, unknown>>,
  isFound: (name: string) => Promise<boolean>,
): Promise<void> {
  const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values
  for (const name of Object.keys(planted).filter(name => name.includes(only))) {
    const begin = performance.now()
    const found = await isFound(name)
    const took = String(Math.round(performance.now() - begin)).padStart(6)
    console.log(`${took} ms ${found ? 'found' : 'NOT FOUND'}: ${name}`)
    if (!found) process.exitCode = 1
  }
}
