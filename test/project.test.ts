// `restuary init` and `restuary dev`: from nothing to a page that changes live in two browsers.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { bundlePackage } from '../scripts/bundle.ts'
import { PostgresConnection } from '../src/store/postgres/connection.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { hasBrowser, openBrowser } from './describe/browser.ts'
import { freePort } from './free-port.ts'
import { printedIn, readPage } from './guide/pages.ts'
import { runsWith } from './system-programs.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const guidePage = readPage('docs/guide/cli.md')
let folder: string
let main: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'restuary-project-'))
  const installed = join(folder, 'restuary')
  mkdirSync(installed)
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of ['template', 'template-react'])
    cpSync(join(root, name), join(installed, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'))
  await bundlePackage(join(installed, 'dist'))
  main = join(installed, 'dist/cli/main.js')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let child: ChildProcess | null = null
afterEach(async () => {
  if (child === null || child.exitCode !== null) return
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  await ended
})

const restuary = (cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, [main, ...args], { cwd })

/** A new project with the package installed. */
async function newProject(name: string): Promise<string> {
  await restuary(folder, 'init', name)
  const project = join(folder, name)
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(join(folder, 'restuary'), join(project, 'node_modules/restuary'))
  return project
}

interface Dev {
  readonly url: string
  /** Resolves when a text was printed that it has not found before. */
  says(text: string | RegExp): Promise<void>
  /** All that was printed so far. */
  said(): string
}

async function startDev(project: string, ...args: string[]): Promise<Dev> {
  const port = await freePort()
  const started = spawn(process.execPath, [main, 'dev', ...args, '--port', String(port)], {
    cwd: project,
    env: { ...process.env, NODE_ENV: '' },
  })
  child = started
  let told = ''
  let all = ''
  started.stdout.resume()
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
    all += text
  })
  const ended = once(started, 'close').then(() => true)
  return {
    url: `http://127.0.0.1:${port}`,
    said: () => all,
    async says(text) {
      for (;;) {
        const found = new RegExp(text).exec(told)
        if (found) return void (told = told.slice(found.index + found[0].length))
        if (await Promise.race([ended, once(started.stderr, 'data').then(() => false)])) throw new Error(told)
      }
    },
  }
}

test('init makes a project, once', async () => {
  const project = await newProject('My Todos')
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Record<string, unknown>
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(manifest).toMatchObject({ name: 'my-todos', dependencies: { restuary: `^${version}` } })
  expect(readFileSync(join(project, '.env'), 'utf8')).toMatch(/^SECRET=[\w-]{43}\n$/)
  expect(readFileSync(join(project, '.gitignore'), 'utf8')).toContain('.env')
  await expect(restuary(folder, 'init', 'My Todos')).rejects.toMatchObject({
    code: 2,
    stderr: 'restuary: My Todos is not empty; name a new folder: restuary init my-todo\n',
  })
})

test('init --react writes a page in React over the same API', async () => {
  await restuary(folder, 'init', 'in-react', '--react')
  const project = join(folder, 'in-react')
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Record<string, unknown>
  expect(manifest).toMatchObject({ name: 'in-react', dependencies: { react: expect.any(String) } })
  expect(readdirSync(join(project, 'public'))).toEqual(['style.css'])
  expect(readdirSync(join(project, 'src')).toSorted()).toEqual(['api.ts', 'login.tsx', 'main.tsx', 'todos.tsx'])
  expect(readFileSync(join(project, 'app.ts'), 'utf8')).toBe(readFileSync(join(root, 'template/app.ts'), 'utf8'))
})

test('init --from writes an API for a database that is there, which runs', async () => {
  writeFileSync(join(folder, 'shop.json'), '{ "products": [{ "id": 1, "name": "cup" }] }')
  await restuary(folder, 'init', 'shop', '--from', 'shop.json')
  const project = join(folder, 'shop')
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(join(folder, 'restuary'), join(project, 'node_modules/restuary'))
  const { url, says } = await startDev(project)
  await says('Restuary serves')
  expect(await (await fetch(`${url}/products`)).json()).toEqual([{ id: 1, name: 'cup' }])
  await expect(restuary(folder, 'init', 'other', '--from', 'nothing.db')).rejects.toMatchObject({ code: 2 })
  expect(existsSync(join(folder, 'other'))).toBe(false)
  await expect(restuary(folder, 'init', 'other', '--react', '--from', 'shop.json')).rejects.toMatchObject({ code: 2 })
})

test.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))(
  'init --from postgres:// declares the tables of a database, and keeps its address out of the code',
  async () => {
    const server = await startPostgres(inject('postgresFolder'))
    const name = `project_${process.pid}`
    const execute = async (url: string, sql: string): Promise<void> => {
      const connection = await PostgresConnection.open({ url })
      await connection.exec(sql)
      await connection.close()
    }
    await execute(server, `create database ${name}`)
    const database = server.replace('/postgres?', `/${name}?`)
    await execute(database, 'create table cup (id serial primary key, colour text not null)')
    const url = database.replace('///', '//postgres:pass%23word@/')
    const { stderr } = await restuary(folder, 'init', 'cups', '--from', url)
    const project = join(folder, 'cups')
    const read = (file: string): string => readFileSync(join(project, file), 'utf8')
    expect(JSON.parse(read('package.json'))).toMatchObject({ dependencies: { pg: expect.stringMatching(/^\^8/) } })
    expect(read('.env')).toContain(`DATABASE_URL='${url}'\n`)
    for (const text of [read('server.ts'), stderr]) expect(text).not.toContain('pass%23word')
    mkdirSync(join(project, 'node_modules'))
    symlinkSync(join(folder, 'restuary'), join(project, 'node_modules/restuary'))
    const dev = await startDev(project)
    await dev.says('Restuary serves')
    const headers = { 'content-type': 'application/json' }
    const made = await fetch(`${dev.url}/cup`, { method: 'POST', headers, body: '{"colour":"blue"}' })
    expect(await made.json()).toEqual({ id: 1, colour: 'blue' })

    await expect(restuary(folder, 'init', 'none', '--from', 'postgres://127.0.0.1:1/none')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('restuary: postgres://127.0.0.1:1/none cannot be read: '),
    })
    expect(existsSync(join(folder, 'none'))).toBe(false)
  },
)

test('the tests of the project pass, and its routes are told', async () => {
  const project = await newProject('tested')
  await run(process.execPath, ['--disable-warning=ExperimentalWarning', '--test'], { cwd: project })
  const { stdout } = await restuary(project, 'routes', 'app.ts')
  expect(stdout).toBe(printedIn(guidePage, 'restuary routes app.ts'))
})

test('dev says which rule refused a call', async () => {
  const { url, says, said } = await startDev(await newProject('refused'), 'server.ts')
  await says('Restuary serves')
  const send = (path: string, body: object, token = ''): Promise<Response> =>
    fetch(`${url}/api${path}`, {
      method: path === '/todo/1' ? 'PATCH' : 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    })
  const login = async (email: string): Promise<string> => {
    await send('/user', { email, password: 'correct horse' })
    const granted = await send('/auth/token', { email, password: 'correct horse' })
    return ((await granted.json()) as { access_token: string }).access_token
  }
  const [ann, bob] = [await login('ann@example.com'), await login('bob@example.com')]
  expect((await send('/todo', { text: 'pack' }, ann)).status).toBe(201)
  await says(/http +create todo +ok +\d+ ms +me=1/)
  expect((await send('/todo/1', { done: true }, bob)).status).toBe(404)
  await says(/http +patch todo\/1 +404 not_found .*me=2\s+the rule for read:\s+✗ row\.owner\.is\(me\)/)
  expect((await send('/todo', { text: '' }, ann)).status).toBe(400)
  await says(/create todo +400 validation .*\s+#\/text /)

  const aborted = new AbortController()
  const headers = { authorization: `Bearer ${ann}`, accept: 'text/event-stream' }
  const following = ['/todo', '/todo/1'].map(path => fetch(`${url}/api${path}`, { headers, signal: aborted.signal }))
  await Promise.all(following)
  await says('2 subscriptions are open')
  aborted.abort()
  // The guide shows the same lines, at other times.
  const timeless = (text: string): string => text.replaceAll(/\d\d:\d\d:\d\d|\d+(?= ms)/g, 'N')
  for (const line of printedIn(guidePage, 'restuary dev').trimEnd().split('\n'))
    expect(timeless(said()).split('\n')).toContain(timeless(line))
})

test('dev starts again after a change, and shows why a program cannot start', async () => {
  const project = await newProject('changed')
  const { url, says } = await startDev(project)
  await says('Restuary serves')
  const app = readFileSync(join(project, 'app.ts'), 'utf8')
  writeFileSync(join(project, 'app.ts'), app.replace("t.one('user'", "t.one('usr'"))
  await says('app.ts has changed')
  await says('It starts again when you save a change')
  await expect
    .poll(async () => (await fetch(url, { headers: { accept: 'text/html' } }).catch(() => null))?.text())
    .toContain('refers to "usr", which is not declared; did you mean "user"?')
  expect(await (await fetch(url)).json()).toMatchObject({ status: 503 })
  writeFileSync(join(project, 'app.ts'), app)
  await says('Restuary serves')
  expect((await fetch(`${url}/api/docs`)).status).toBe(200)
})

test('dev follows what the program imports, and a file that it could not find, and nothing else', async () => {
  const project = await newProject('imports')
  const { says, said } = await startDev(project)
  await says('Restuary serves')
  writeFileSync(join(project, 'notes.ts'), '// nobody imports this')
  const app = readFileSync(join(project, 'app.ts'), 'utf8')
  writeFileSync(join(project, 'app.ts'), `import { greeting } from './greeting.ts'\nconsole.error(greeting)\n${app}`)
  await says('It starts again when you save a change')
  writeFileSync(join(project, 'greeting.ts'), "export const greeting = 'good morning'")
  await says('good morning')
  await says('Restuary serves')
  writeFileSync(join(project, 'greeting.ts'), "export const greeting = 'good evening'")
  await says('good evening')
  expect(said()).not.toContain('notes.ts')
})

describe.skipIf(!hasBrowser)('the page of the project', () => {
  test('a change in one browser shows in another', async () => {
    const { url, says } = await startDev(await newProject('live'))
    await says('Restuary serves')
    const browser = await openBrowser()
    try {
      const open = async (button: string): Promise<Page> => {
        const page = await (await browser.newContext()).newPage()
        await page.goto(url)
        await page.getByLabel('E-mail').fill('ann@example.com')
        await page.getByLabel('Password').fill('correct horse')
        await page.getByRole('button', { name: button }).click()
        await page.getByLabel('New todo').waitFor()
        return page
      }
      const one = await open('Sign up')
      const two = await open('Log in')
      await says(/subscriptions? (?:is|are) open/)
      await one.getByLabel('New todo').fill('pack')
      await one.getByRole('button', { name: 'Add' }).click()
      await two.getByLabel('pack').check()
      await one.locator('.done', { hasText: 'pack' }).waitFor()
      await two.getByRole('button', { name: 'Delete' }).click()
      await expect.poll(() => one.getByRole('listitem').count()).toBe(0)
      expect(await one.getByRole('alert').textContent()).toBe('')
      await two.getByRole('button', { name: 'Log out' }).click()
      await two.getByLabel('E-mail').waitFor()
    } finally {
      await browser.close()
    }
  })
})
