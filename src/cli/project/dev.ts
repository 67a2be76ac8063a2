import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { defaultPort } from '../../transport/hosts/port.ts'
import { showFailure, type FailurePage } from './failure-page.ts'
import { Misuse } from '../misuse.ts'
import type { LoadedFile } from './tell-loaded.ts'
import { WatchedFiles } from './watched-files.ts'

/** Where a program is looked for, if none is named. */
const USUAL = [
  'server.ts',
  'src/server.ts',
  'main.ts',
  'src/main.ts',
  'index.ts',
  'src/index.ts',
  'server.js',
  'index.js',
]

/** How many milliseconds a program gets to end before it is killed. */
const GRACE = 3_000

/**
 * `restuary dev [FILE]`: runs a program, and starts it again when a file changes that it imports. While it cannot start, its port shows why. Resolves
 * when it is interrupted.
 */
export async function develop(given: string | undefined, port: number | null): Promise<void> {
  const file = given ?? USUAL.find(name => existsSync(name))
  if (file === undefined) throw new Misuse('There is no server.ts here', 'name your program: restuary dev FILE')
  if (!existsSync(file)) throw new Misuse(`There is no file ${file}`, 'name the program that calls serve')
  await new Supervisor(file, port).run()
}

/** The program and what stands in for it. One thing happens after another: a start, an end, a page about a failure. */
class Supervisor {
  readonly #file: string
  readonly #env: NodeJS.ProcessEnv
  #port: number
  #child: ChildProcess | null = null
  #page: FailurePage | null = null
  #turn: Promise<void> = Promise.resolve()
  readonly #files = new WatchedFiles(name => {
    console.error(`\n${name} has changed.`)
    this.#next(() => this.#restart())
  })

  constructor(file: string, port: number | null) {
    this.#file = file
    this.#env = port === null ? process.env : { ...process.env, PORT: String(port) }
    this.#port = port ?? defaultPort()
  }

  async run(): Promise<void> {
    for (const name of [this.#file, '.env', 'package.json']) this.#files.add(resolve(name))
    this.#next(() => this.#restart())
    const signal = await Promise.race(['SIGINT', 'SIGTERM'].map(one => once(process, one).then(() => one)))
    this.#files.close()
    this.#next(() => this.#end())
    await this.#turn
    process.exitCode = signal === 'SIGINT' ? 130 : 143
  }

  #next(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => console.error(error))
  }

  async #end(): Promise<void> {
    await this.#page?.close()
    this.#page = null
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE)
    await once(child, 'exit')
    clearTimeout(timer)
  }

  async #restart(): Promise<void> {
    await this.#end()
    const log = import.meta.resolve(import.meta.url.endsWith('.ts') ? './dev-log.ts' : 'restuary/dev-log')
    const options = ['--disable-warning=ExperimentalWarning', '--env-file-if-exists=.env', '--import', log]
    const child = spawn(process.execPath, [...options, this.#file], {
      env: this.#env,
      stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
    })
    child.on('message', message => this.#files.add((message as LoadedFile).loaded))
    this.#child = child
    let told = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      told = (told + text).slice(-20_000)
      this.#port = Number(/Restuary serves http:\/\/\S*?:(\d+)/.exec(text)?.[1] ?? this.#port)
    })
    child.once('close', (code: number | null) => {
      if (this.#child !== child || code === 0) return
      console.error('The program has ended. It starts again when you save a change.')
      this.#next(async () => {
        if (this.#child === child) this.#page = await showFailure(this.#port, told)
      })
    })
  }
}
