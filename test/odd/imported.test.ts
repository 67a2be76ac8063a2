// `restuary import FILE` writes a declaration that serves the same as `restuary serve FILE` does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Api } from '../../src/api.ts'
import { programOf } from '../../src/cli/import.ts'
import { jsonFiles, type OddJson } from './json-files.ts'
import { moreSqliteFiles } from './more-sqlite-files.ts'
import { makeFile, sender, served, type Body, type Send } from './served.ts'
import { sqliteFiles, type OddSqlite } from './sqlite-files.ts'
import { untypedKeyFiles } from './untyped-key-files.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-imported-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

/** What a file answers as it is served, and as its declaration says that was imported from it. */
async function bothWays(ending: string, odd: OddSqlite | OddJson): Promise<[string[], string[]]> {
  const [first, second] = [`${files++}.${ending}`, `${files++}.${ending}`].map(name => join(directory, name))
  makeFile(first!, odd)
  makeFile(second!, odd)
  const one = served(first!)
  const names = Object.keys(one.source.resources)
  const program = `${second}.ts`
  writeFileSync(
    program,
    programOf(one.source, second!)
      .replace(', limits:', ', report: () => {}, limits:')
      .replace(`'restuary'`, JSON.stringify(new URL('../../src/index.ts', import.meta.url).pathname)),
  )
  const answers = await conversation(one.send, names)
  await one.close()
  const { app } = (await import(/* @vite-ignore */ program)) as { app: Api<any> }
  const imported = await conversation(sender(app), names)
  await app.close()
  return [answers, imported]
}

/** Asks and writes what each resource takes; what is asked depends on what was answered. */
async function conversation(send: Send, names: readonly string[]): Promise<string[]> {
  const answers: string[] = []
  const ask = async (method: string, path: string, body?: unknown): Promise<any> => {
    const answer = await send(method, path, body)
    // Problems have an id of their own.
    const {
      instance: _instance,
      requestId: _request,
      ...shown
    } = Array.isArray(answer.body) ? { shown: answer.body } : (answer.body ?? {})
    answers.push(`${method} ${path} ${JSON.stringify(body)}: ${answer.status} ${JSON.stringify(shown)}`)
    return answer.body
  }
  for (const name of names) {
    const path = `/${encodeURIComponent(name)}`
    const rows = await ask('GET', `${path}?limit=100&depth=2&total=true`)
    const [row] = (await ask('GET', `${path}?limit=3`)) as Body[]
    if (row === undefined) continue
    const own = `${path}/${encodeURIComponent(String(row['id']))}`
    await ask('GET', own)
    for (const [field, value] of Object.entries(row)) {
      if (typeof value === 'object') continue
      await ask(
        'GET',
        `${path}?${encodeURIComponent(field)}=${encodeURIComponent(String(value))}&sort=-${encodeURIComponent(field)}`,
      )
      await ask('PATCH', own, { [field]: value })
      await ask('PATCH', own, { [field]: null })
      if (typeof value === 'string' && field !== 'id') await ask('PATCH', own, { [field]: 'changed' })
    }
    await ask('PUT', own, row)
    const { id: _id, ...rest } = row
    await ask('POST', path, rest)
    await ask('POST', path, {})
    await ask('DELETE', `${path}/${encodeURIComponent(String(rows.at(-1).id))}`)
    await ask('GET', `${path}?limit=100`)
  }
  return answers
}

const check = async (ending: string, odd: OddSqlite | OddJson): Promise<void> => {
  const [answers, imported] = await bothWays(ending, odd)
  expect(imported).toEqual(answers)
}

describe('a SQLite file with', () => {
  test.each([...sqliteFiles, ...moreSqliteFiles, ...untypedKeyFiles])('$name is imported as it is served', odd =>
    check('db', odd),
  )
})

describe('a JSON file with', () => {
  test.each([...jsonFiles])('$name is imported as it is served', odd => check('json', odd))
})
