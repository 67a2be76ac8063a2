import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { pinned, SERVER_CORE } from './machine.ts'

/** A server process that listens. */
export interface Running {
  readonly pid: number
  readonly port: number
  /** Says something to it and waits for its answer, if it is made to give any. */
  ask<T>(question: object): Promise<T>
  /** Ends it, and takes its files away. */
  stop(): Promise<void>
}

export interface Command {
  /** The program and its arguments, knowing the port and the file of the database. */
  readonly command: (port: number, db: string) => readonly string[]
  readonly cwd?: string
  /** Whether it runs on the core for servers only, where there are two. Default: true. */
  readonly pin?: boolean
}

// On a real disk: a temporary directory may be memory, where durable commits cost nothing.
const place = fileURLToPath(new URL('results/', import.meta.url))

/** Starts a server on its core and waits until it says that it is ready. */
export async function start({ command, cwd, pin = true }: Command): Promise<Running> {
  const directory = mkdtempSync(`${place}db-`)
  const port = await freePort()
  const wanted = command(port, `${directory}/todo.db`)
  const [file, ...args] = pin ? pinned(wanted, SERVER_CORE) : wanted
  const child = spawn(file!, args, {
    cwd,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await gone
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await ready(child, [file, ...args].join(' '))
  } catch (error) {
    await stop()
    throw error
  }
  const ask = <T>(question: object): Promise<T> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`${args.join(' ')} is gone`))
      child.once('exit', fail).once('message', answer => {
        child.off('exit', fail)
        resolve(answer as T)
      })
      child.send(question)
    })
  return { pid: child.pid!, port, ask, stop }
}

/** How long a server may take to be ready, milliseconds; it fills its table meanwhile. */
const PATIENCE = 30_000

function ready(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = ''
    const fail = (why: string): void => reject(new Error(`${what}: ${why}\n${told.slice(-2000)}`))
    const timer = setTimeout(() => fail('not ready in time'), PATIENCE)
    const hear = (chunk: Buffer): void => {
      told += String(chunk)
      if (!/^ready/m.test(told)) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.once('error', error => fail(error.message))
    child.once('exit', code => {
      clearTimeout(timer)
      fail(`ended with ${code}`)
    })
  })
}

/** A free port. */
export function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
