// The programs and commands in docs/guide/postgres.md do what the page says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { runCommand } from '../../src/cli/run.ts'
import type { Api } from '../../src/index.ts'
import { PostgresConnection } from '../../src/store/postgres/connection.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { readPage, root } from './pages.ts'

const page = readPage('docs/guide/postgres.md')

/** A schema of its own, as a connection string. */
async function place(schema: string): Promise<string> {
  const url = await startPostgres(inject('postgresFolder'))
  const connection = await PostgresConnection.open({ url })
  await connection.exec(`create schema ${schema}`)
  await connection.close()
  return `${url}&options=${encodeURIComponent(`-c search_path=${schema}`)}`
}

/** The server of the page in a module of its own, with some of its text replaced. */
function moduleOf(folder: string, name: string, replaced: readonly (readonly [string, string])[]): string {
  const entries = [
    [`'restuary/postgres'`, 'src/store/postgres/index.ts'],
    [`'restuary'`, 'src/index.ts'],
  ] as const
  let code = page.blocks.find(block => block.language === 'ts')!.text
  for (const [entry, path] of entries) code = code.replace(entry, JSON.stringify(pathToFileURL(join(root, path)).href))
  for (const [from, to] of replaced) {
    expect(code).toContain(from)
    code = code.replace(from, to)
  }
  const file = join(folder, name)
  writeFileSync(file, code)
  return file
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('the guide: PostgreSQL', () => {
  test('the server keeps rows in columns of the types that the page lists, and is copied as it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [here, there] = [await place(`guide_${process.pid}`), await place(`guide_${process.pid}_copy`)]
    const file = moduleOf(folder, 'app.ts', [
      [`process.env['DATABASE_URL'] ?? 'postgres://localhost/todo'`, JSON.stringify(here)],
    ])
    const { app } = (await import(/* @vite-ignore */ file)) as { app: Api }
    await app.ready()
    await app.post('todo' as never, { text: 'pack' } as never)
    await app.close()

    // The columns, as the table of the page has them.
    const connection = await PostgresConnection.open({ url: here })
    const rows = await connection.all({
      name: undefined,
      sql: `select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'todo'::regclass and attnum > 0 order by 1`,
      slots: null,
    })
    await connection.close()
    expect(rows).toEqual([
      ['_at', 'bigint'],
      ['_seq', 'bigint'],
      ['done', 'boolean'],
      ['id', 'bigint'],
      ['text', 'text'],
    ])

    // There and back.
    const command = /^restuary (copy .*)$/m.exec(page.text)![1]!.split(' ')
    expect(command).toEqual(['copy', 'sqlite:todo.db', 'postgres://localhost/todo', 'app.ts'])
    const copy = `sqlite:${join(folder, 'todo.db')}`
    // A module is loaded once by a process, so each command gets one of its own.
    await runCommand(['copy', here, copy, moduleOf(folder, 'there.ts', [])])
    await runCommand(['copy', copy, there, moduleOf(folder, 'back.ts', [])])
    const copied = await PostgresConnection.open({ url: there })
    expect(await copied.all({ name: undefined, sql: 'select id, text, done from todo', slots: null })).toEqual([
      [1, 'pack', 0],
    ])
    await copied.close()
  })
})
