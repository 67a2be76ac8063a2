import { mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeEach } from 'vitest'
import type { Api } from '../src/api.ts'
import { runCommand } from '../src/cli/run.ts'

const SOURCES = pathToFileURL(join(import.meta.dirname, '../src/index.ts')).href

/** An application in a folder of its own, whose declaration changes, and the commands that migrate its database. */
export interface MigratedApp {
  /** Of the present test. */
  readonly folder: () => string
  readonly database: () => string
  /** Writes a module that declares these resources, and returns its path. A module is loaded only once. */
  readonly declares: (resources: string) => string
  /** Writes a module with a data step into the folder of the plans. */
  readonly step: (name: string, text: string) => void
  readonly opened: <T>(module: string, work: (app: Api<any>) => Promise<T>) => Promise<T>
  /** The rows of a resource. */
  readonly rows: (module: string, resource: string) => Promise<object[]>
  /** Runs `restuary migrate`, and returns the lines that it prints. */
  readonly migrate: (...args: string[]) => Promise<string[]>
  /** The names of the files in the folder of the plans. */
  readonly plans: () => string[]
}

/** Makes a folder before each test of a file, and deletes all after the last. */
export function migratedApp(): MigratedApp {
  const root = mkdtempSync(join(tmpdir(), 'restuary-migrated-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  let directory = root
  let modules = 0
  beforeEach(() => {
    directory = mkdtempSync(join(root, 'app-'))
    mkdirSync(join(directory, 'migrations'))
  })
  const database = (): string => join(directory, 'app.db')
  const opened: MigratedApp['opened'] = async (module, work) => {
    const { app } = (await import(`${pathToFileURL(module).href}?opened=${modules++}`)) as { app: Api<any> }
    try {
      await app.ready()
      return await work(app)
    } finally {
      await app.close()
    }
  }
  return {
    folder: () => directory,
    database,
    opened,
    declares: resources => {
      const file = join(directory, `app${modules++}.ts`)
      writeFileSync(
        file,
        `import { api, resource, sqlite, t } from '${SOURCES}'
         export const app = api({ ${resources} }, { store: sqlite('${database()}'), report: () => {} })`,
      )
      return file
    },
    step: (name, text) =>
      writeFileSync(join(directory, 'migrations', name), `import { dataStep } from '${SOURCES}'\n${text}`),
    rows: (module, resource) => opened(module, async app => (await app.list(resource)).map((row: object) => row)),
    migrate: async (...args) => {
      const lines: string[] = []
      const { write } = process.stdout
      process.stdout.write = (text: string | Uint8Array) => lines.push(...String(text).trimEnd().split('\n')) > 0
      try {
        await runCommand(['migrate', ...args])
      } finally {
        process.stdout.write = write
      }
      return lines
    },
    plans: () => readdirSync(join(directory, 'migrations')).toSorted(),
  }
}
