import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExample, type Started } from './started.ts'

const run = promisify(execFile)
const bin = join(import.meta.dirname, '../fixtures/generated-client/node_modules/.bin')
const installed = existsSync(join(bin, 'openapi-ts'))
if (!installed) console.warn('The generator is not installed, so its client is not tried: npm run test:generated')

// A program that uses the client. Its types are those that the generator made from the document.
const program = `import { strictEqual, deepStrictEqual } from 'node:assert'
import { client } from './client/client.gen.js'
import { createList, createTodo, deleteTodo, getTodo, listTodo, listTodosOfList, patchTodo, replaceTodo } from './client/index.js'
import type { List, Problem, Todo, TodoCreate, TodoPatch } from './client/index.js'

client.setConfig({ baseUrl: process.argv[2]! })
const one = <T>(made: T | T[]): T => (Array.isArray(made) ? made[0]! : made)
const list: List = one((await createList({ body: { title: 'Trip', todos: [{ text: 'pack' }] }, throwOnError: true })).data)
deepStrictEqual(list.todos, [1])
const body: TodoCreate = { text: 'leave', list: list.id, due: '2026-01-31' }
const todo: Todo = one((await createTodo({ body, throwOnError: true })).data)
const change: TodoPatch = { done: true }
const { data: changed, response } = await patchTodo({ path: { id: todo.id }, body: change })
strictEqual(changed?.done, true)
const etag = response!.headers.get('etag')!
strictEqual((await patchTodo({ path: { id: todo.id }, body: change, headers: { 'If-Match': '"0.0"' } })).response!.status, 412)
strictEqual((await getTodo({ path: { id: todo.id }, headers: { 'If-None-Match': etag } })).response!.status, 304)
const query = { 'text[in]': ['leave', 'pack'], done: false, sort: ['-id' as const], 'list.title': undefined }
const open: Todo[] = (await listTodo({ query, throwOnError: true })).data
deepStrictEqual(open.map(one => one.text), ['pack'])
const sorted = await listTodo({ query: { sort: ['-text'], total: true, limit: 1 }, throwOnError: true })
deepStrictEqual([sorted.data[0]?.text, sorted.response.headers.get('x-total-count')], ['pack', '2'])
const nested = (await listTodosOfList({ path: { id: list.id }, query: { filter: '{"done":true}' }, throwOnError: true })).data
deepStrictEqual(nested.map(one => one.id), [todo.id])
strictEqual((await replaceTodo({ path: { id: todo.id }, body: { text: 'stay', list: list.id }, throwOnError: true })).data?.done, false)
const { error } = await createTodo({ body: { text: '', list: list.id } })
const problem: Problem | undefined = error
deepStrictEqual([problem?.error, problem?.errors?.[0]?.pointer], ['validation', '#/text'])
strictEqual((await deleteTodo({ path: { id: todo.id } })).response!.status, 204)
// @ts-expect-error -- a text is text
await createTodo({ body: { text: 5, list: 1 } })
console.log('done')
`

describe.runIf(installed)('a client that @hey-api/openapi-ts makes of the document', () => {
  let started: Started
  let directory: string
  beforeAll(async () => {
    started = await startExample('todo')
    directory = mkdtempSync(join(tmpdir(), 'restuary-generated-'))
  })
  afterAll(async () => {
    await started.stop()
    rmSync(directory, { recursive: true })
  })

  test('compiles and works', async () => {
    const document = await (await fetch(`${started.url}/openapi.json`)).text()
    writeFileSync(join(directory, 'openapi.json'), document)
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(join(directory, 'use.ts'), program)
    const types = join(import.meta.dirname, '../../node_modules/@types')
    const config = {
      compilerOptions: {
        strict: true,
        target: 'es2023',
        lib: ['es2023', 'dom', 'dom.iterable'],
        module: 'nodenext',
        outDir: 'out',
        types: ['node'],
        typeRoots: [types],
      },
      include: ['use.ts', 'client'],
    }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
    const node = (...args: string[]): Promise<{ stdout: string }> =>
      run(process.execPath, args, { cwd: directory }).catch((error: { stdout: string; stderr: string }) => {
        throw new Error(`${args.join(' ')}\n${error.stdout}\n${error.stderr}`)
      })
    await node(join(bin, 'openapi-ts'), '-i', 'openapi.json', '-o', 'client')
    await node(join(bin, 'tsc'))
    expect((await node('out/use.js', started.url)).stdout).toBe('done\n')
  })
})
