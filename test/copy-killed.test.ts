// restuary copy is killed in the middle, and started again.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { api, type Api } from '../src/index.ts'
import { postgres } from '../src/store/postgres/index.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'
import { newDatabase } from '../src/testing/postgres/new-database.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { declared } from './copied-todos.ts'
import { runsWith } from './system-programs.ts'

const ROOT = join(import.meta.dirname, '..')
const ROWS = 8_000

const folder = mkdtempSync(join(tmpdir(), 'restuary-copy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const module = join(folder, 'app.ts')
writeFileSync(
  module,
  `import { api, sqlite } from '${join(ROOT, 'src/index.ts')}'
import { declared } from '${join(import.meta.dirname, 'copied-todos.ts')}'
export const app = api(declared(), { store: sqlite('unused.db') })`,
)

async function opened(store: Store): Promise<Api> {
  const app = api(declared(), { store, report: () => {}, limits: { bulk: ROWS, maxPage: ROWS } }) as Api
  await app.ready()
  return app
}

/** Makes rows that refer to later ones, and links, in an empty database. */
async function fill(store: Store): Promise<void> {
  const app = await opened(store)
  for (const name of ['red', 'blue']) await app.safe.create('tag', { name })
  const rows = Array.from({ length: ROWS }, (_, i) => ({ text: `n${i}`, tags: [1 + (i % 2)] }))
  await app.create('todo', rows as never)
  for (const [id, next] of [
    [1, ROWS],
    [2, ROWS - 1],
  ])
    await app.safe.patch('todo', id!, { next })
  await app.close()
}

interface Copy {
  readonly child: ChildProcess
  readonly lines: string[]
}

/** Starts the command; `line` is called with each line of it. */
async function copy(from: string, to: string, line: (text: string, child: ChildProcess) => void): Promise<Copy> {
  const args = ['--disable-warning=ExperimentalWarning', join(ROOT, 'src/cli/main.ts'), 'copy', from, to, module]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', text => {
      lines.push(text)
      line(text, child)
    })
  await once(child, 'close')
  return { child, lines }
}

const digests = (lines: readonly string[]): string[] => lines.filter(line => line.includes('digest'))

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('restuary copy', () => {
  test('goes on after kill -9, to PostgreSQL and back, and nothing is there twice', async () => {
    const files = ['first.db', 'whole.db', 'back.db'].map(name => join(folder, name))
    const url = await newDatabase(await startPostgres(inject('postgresFolder')))
    await (await opened(postgres(url))).close()
    await fill(sqlite(files[0]!))
    const [first, whole, back] = files.map(file => `sqlite:${file}`) as [string, string, string]
    // What a copy says that nobody disturbs.
    const undisturbed = await copy(first, whole, () => {})
    expect([undisturbed.child.exitCode, digests(undisturbed.lines).length]).toEqual([0, 2])
    for (const [from, to] of [
      [first, url],
      [url, back],
    ] as const) {
      // Among the rows, among the rest of them, and among the links.
      for (const place of [/^todo: 2000 rows copied/, /^todo: [1-6]000 rows copied/, /links copied/]) {
        const killed = await copy(from, to, (text, child) => void (place.test(text) && child.kill('SIGKILL')))
        expect([killed.child.signalCode, digests(killed.lines)]).toEqual(['SIGKILL', []])
      }
      const done = await copy(from, to, () => {})
      expect([done.child.exitCode, digests(done.lines)]).toEqual([0, digests(undisturbed.lines)])
    }
    for (const store of [postgres(url), sqlite(files[2]!)]) {
      const app = await opened(store)
      const [all, red] = [
        await app.list('todo', { limit: ROWS, fields: ['text'] } as never),
        await app.list('todo', { limit: ROWS, filter: { tags: { $some: { name: 'red' } } } } as never),
      ]
      expect([new Set(all.map(row => JSON.stringify(row))).size, all.length, red.length]).toEqual([
        ROWS,
        ROWS,
        ROWS / 2,
      ])
      expect(await app.get('todo', 1)).toMatchObject({ text: 'n0', next: ROWS })
      expect(await app.safe.create('todo', { text: 'new' })).toMatchObject({ body: { id: ROWS + 1 } })
      await app.close()
    }
  })
})
