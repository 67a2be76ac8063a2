// Server processes that are there to be killed.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { bundle } from '../../scripts/bundle.ts'

/** A server of this folder that can be started. */
export interface Program {
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Makes a server of this folder quick to start, because start-up time limits how many can be killed. All its imports go into
 * one file, and its compiled code is cached. A killed process stores no cache, so the server first runs once with `args` and
 * ends normally.
 */
async function build(name: string, folder: string, args: readonly string[]): Promise<Program> {
  const dir = join(folder, 'program')
  // Modules that are loaded later are not in the file.
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'), 'junction')
  await bundle({ input: { [name]: join(import.meta.dirname, `${name}.ts`) }, dir, extension: '.mjs' })
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') }
  const program = { file: join(dir, `${name}.mjs`), env }
  const server = await start(program, args)
  await server.kill('SIGTERM')
  return program
}

/** Runs work with a server of this folder, which gets a file and `rest`, in a folder that is deleted afterwards. */
export async function withProgram<T>(
  name: string,
  rest: readonly string[],
  work: (program: Program, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `restuary-${name}-`))
  try {
    return await work(await build(name, folder, [join(folder, 'first.db'), ...rest]), folder)
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 3 })
  }
}

/** A server that listens. */
export interface Mortal {
  readonly port: number
  readonly stdin: Writable
  /** Signal of its end, null if it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>
  /** Resolves once it has said so. */
  said(line: string): Promise<void>
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** Starts a server, which first prints its URL. */
export async function start({ file, env }: Program, args: readonly string[]): Promise<Mortal> {
  const child: ChildProcess = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const ended = once(child, 'close').then(([, signal]) => signal as NodeJS.Signals | null)
  const lines = createInterface(child.stdout!)
  const heard = new Set<string>()
  lines.on('line', line => heard.add(line))
  const gone = ended.then(signal => Promise.reject(new Error(`${file} ended with ${signal}`)))
  const [url] = (await Promise.race([once(lines, 'line'), gone])) as [string]
  return {
    port: Number(new URL(url).port),
    stdin: child.stdin!,
    ended,
    said: async line => {
      while (!heard.has(line)) await Promise.race([once(lines, 'line'), gone])
    },
    kill: async signal => {
      child.kill(signal)
      await ended
    },
  }
}
