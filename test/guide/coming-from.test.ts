// The programs of docs/guide/coming-from.md: those that are here run, those that are there are at least correct in their languages.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { serve, type Api } from '../../src/index.ts'
import { testClient } from '../../src/testing/index.ts'
import { areInPath, runsWith } from '../system-programs.ts'
import { entries } from './compile.ts'
import { readPage } from './pages.ts'

const { text, blocks } = readPage('docs/guide/coming-from.md')
const codeOf = (language: string): string[] => blocks.filter(one => one.language === language).map(one => one.text)

/** The API of a program of the page, which is not served. */
async function load(language: string): Promise<Api> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
  let [code = ''] = codeOf(language)
  for (const [name, path] of Object.entries(entries)) code = code.replace(`'${name}'`, JSON.stringify(path))
  code = code.replace('await serve(app, { port: 3000 })', 'void serve').replaceAll(/sqlite\('/g, `sqlite('${folder}/`)
  const file = join(folder, 'program.ts')
  writeFileSync(file, code)
  const { app } = (await import(/* @vite-ignore */ file)) as { app: Api }
  onTestFinished(async () => {
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await app.ready()
  return app
}

test('all nine are there', () => {
  expect([...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name)).toEqual([
    'json-server',
    'Feathers',
    'Socket.IO',
    'Flask-SocketAPI',
    'flask-restaction',
    'channels-api',
    'blargh',
    'Supabase',
    'PocketBase',
  ])
})

test('their JavaScript can be parsed', () => {
  const programs = [...codeOf('js'), ...codeOf('js socketio')]
  expect(programs.length).toBeGreaterThan(5)
  for (const code of programs) expect(() => new Script(`(async () => {\n${code}\n})`), code).not.toThrow()
})

test.runIf(runsWith('Python', areInPath('python3'), 'python3'))('their Python can be parsed', () => {
  expect(codeOf('python').length).toBe(4)
  for (const input of codeOf('python')) {
    const { status, stderr } = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
      input,
      encoding: 'utf8',
    })
    expect(status, stderr).toBe(0)
  }
})

test('a client of Socket.IO', async () => {
  const app = await load('ts server')
  const { url, close } = await serve(app, { port: 0, signals: false, report: () => {} })
  onTestFinished(close)
  const shown: unknown[] = []
  const [code = ''] = codeOf('js socketio')
  const heard = new Promise<void>(resolve => {
    const show = (given: unknown): void => {
      if (shown.push(given) === 2) resolve()
    }
    const connect = (): unknown => {
      const socket = io(url, { transports: ['websocket'] })
      onTestFinished(() => void socket.close())
      return socket
    }
    new Script(`(io, show) => {\n${code}\n}`).runInThisContext()(connect, show)
  })
  await heard
  expect(shown).toEqual([[], { id: 1, text: 'pack', done: false }])
})

test.each(['ts server', 'ts handled', 'ts envelope', 'ts blargh'])('%s', async language => {
  const { http } = testClient(await load(language))
  expect(await http('POST', '/todo/', { text: 'pack' })).toMatchObject({ status: 201, body: { id: 1, text: 'pack' } })
  expect(await http('POST', '/todo/', { text: 'go' })).toMatchObject({ status: 201 })
  expect(await http('PATCH', '/todo/1', { done: true })).toMatchObject({ status: 200 })
  expect(await http('GET', '/todo/?done=false')).toMatchObject({ status: 200, body: [{ id: 2, text: 'go' }] })
})

test('the texts of flask-restaction', async () => {
  const { http } = testClient(await load('ts restaction'))
  expect(await http('POST', '/todo', { text: 'pack' })).toMatchObject({ body: { text: 'pack', done: false } })
  expect(await http('GET', '/todo/list')).toMatchObject({ body: [{ text: 'pack' }] })
  expect(await http('POST', '/todo/done', { number: 0 })).toMatchObject({ body: { text: 'pack', done: true } })
  expect(await http('GET', '/todo/list')).toMatchObject({ body: [] })
  expect(await http('POST', '/todo', { text: '' })).toMatchObject({ status: 400 })
})

test('the envelope of channels-api', async () => {
  const socket = await testClient(await load('ts envelope')).envelope()
  onTestFinished(() => socket.close())
  const made = await socket.ask({ stream: 'todos', action: 'create', data: { text: 'pack' } })
  expect(made).toMatchObject({ stream: 'todos', payload: { response_status: 201 } })
})

test('the casts of blargh', async () => {
  const { http } = testClient(await load('ts blargh'))
  expect(await http('POST', '/list', { todos: [{ text: 5 }] })).toMatchObject({ status: 201 })
  expect(await http('GET', '/list/1?depth=2')).toMatchObject({ body: { todos: [{ text: '5', done: false }] } })
})
