// From nothing to a project that runs, with the packed package: as a new user does it, on each runtime.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { hasBrowser, openBrowser } from '../describe/browser.ts'
import { installCreate, pack, run, type Packed } from './packed.ts'

const bin = join(import.meta.dirname, 'node_modules')
let packed: Packed
let create: string
beforeAll(async () => {
  packed = await pack()
  create = await installCreate(packed)
})
afterAll(() => rmSync(packed.folder, { recursive: true, force: true }))

/** Makes a project as `npm create restuary@latest NAME -- OPTIONS` does, and installs what it needs. */
async function newProject(name: string, ...options: string[]): Promise<string> {
  await run(packed.folder, process.execPath, create, name, ...options)
  const project = join(packed.folder, name)
  const file = join(project, 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: object }
  // The package is not published yet.
  const dependencies = { ...manifest.dependencies, restuary: `file:${packed.restuary}` }
  writeFileSync(file, JSON.stringify({ ...manifest, dependencies }))
  await run(project, 'npm', 'install', '--no-audit', '--no-fund')
  return project
}

/** Starts a program of a project. Resolves with its URL. */
async function start(project: string, command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, PORT: '0', NODE_ENV: '' }
  // npm passes no signals on, so its whole group gets them, as with Ctrl+C in a terminal.
  const child = spawn(command, args, { cwd: project, env, detached: true })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM')
    await ended
  })
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  for (;;) {
    const url = /Restuary serves (http:\/\/[^\s/]+)/.exec(told)?.[1]
    if (url !== undefined) return url
    const over = await Promise.race([ended.then(() => true), once(child.stderr, 'data').then(() => false)])
    if (over) throw new Error(told)
  }
}

/** A user signs up, logs in, follows the list and adds a todo, which the stream tells. */
async function useIt(url: string): Promise<void> {
  const send = async (path: string, body: object, token = ''): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const answer = await fetch(`${url}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.ok, path).toBe(true)
    return (await answer.json()) as Record<string, string>
  }
  const ann = { email: 'ann@example.com', password: 'correct horse' }
  await send('/user', ann)
  const { access_token: token = '' } = await send('/auth/token', ann)
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` }
  const stream = await fetch(`${url}/api/todo`, { headers })
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  const told = async (text: string): Promise<void> => {
    for (let heard = ''; !heard.includes(text);) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`${heard} does not contain ${text}`)
      heard += value
    }
  }
  await told('event: snapshot')
  await send('/todo', { text: 'pack' }, token)
  await told('event: created')
  await reader.cancel()
}

/** Somebody signs up in one browser, and logs in in another. What one of the pages adds, the other one shows. */
async function openIt(url: string): Promise<void> {
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const enter = async (button: string): Promise<Page> => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    await page.getByLabel('E-mail').fill('ben@example.com')
    await page.getByLabel('Password').fill('correct horse')
    await page.getByRole('button', { name: button }).click()
    await page.getByLabel('New todo').waitFor()
    return page
  }
  const first = await enter('Sign up')
  const second = await enter('Log in')
  await first.getByLabel('New todo').fill('sleep')
  await first.getByRole('button', { name: 'Add' }).click()
  const shown = second.getByRole('checkbox', { name: 'sleep' })
  await shown.check()
  await expect.poll(() => first.getByRole('checkbox', { name: 'sleep' }).isChecked()).toBe(true)
  await first.getByRole('button', { name: 'Delete' }).click()
  await shown.waitFor({ state: 'detached' })
}

test('npm create, npm install, npm test, npm run dev', async () => {
  const project = await newProject('my-todo')
  expect(await run(project, 'npm', 'test')).toContain('pass 1')
  const url = await start(project, 'npm', 'run', 'dev')
  expect(await (await fetch(url, { headers: { accept: 'text/html' } })).text()).toContain('<title>Todo</title>')
  expect((await fetch(`${url}/api/client.js`)).status).toBe(200)
  await useIt(url)
})

test('the project in React compiles, is built and served, and its pages show each other’s changes', async () => {
  const project = await newProject('in-react', '--react')
  expect(await run(project, 'npm', 'run', 'build')).toContain('built in')
  const url = await start(project, process.execPath, '--env-file-if-exists=.env', 'server.ts')
  const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
  const script = /src="(\/assets\/[^"]*\.js)"/.exec(page)![1]!
  expect((await fetch(url + script)).headers.get('cache-control')).toContain('immutable')
  await useIt(url)
  if (hasBrowser) await openIt(url)
})

test('a database becomes a project, which runs on Node and on Deno', async () => {
  writeFileSync(join(packed.folder, 'shop.json'), '{ "products": [{ "id": 1, "name": "cup" }] }')
  const project = await newProject('my-shop', '--from', 'shop.json')
  for (const [command, ...args] of [
    [process.execPath, 'server.ts'],
    [join(bin, '.bin/deno'), 'run', '-A', 'server.ts'],
  ]) {
    const url = await start(project, command!, ...args)
    expect(await (await fetch(`${url}/products`)).json()).toEqual([{ id: 1, name: 'cup' }])
  }
})

describe('the same project on other runtimes', () => {
  let project: string
  beforeAll(async () => {
    project = await newProject('runtimes')
  })

  beforeEach(() => {
    for (const end of ['', '-wal', '-shm']) rmSync(join(project, `todo.db${end}`), { force: true })
  })

  test.each([
    ['Node 26', 'node26/bin/node', ['--env-file-if-exists=.env', 'server.ts']],
    ['Bun', '.bin/bun', ['server.ts']],
  ])('%s', async (_, command, args) => {
    expect(existsSync(join(bin, command)), 'npm ci --prefix test/fresh').toBe(true)
    await useIt(await start(project, join(bin, command), ...args))
  })

  test('Deno, but for passwords: its node:crypto has no argon2', async () => {
    const url = await start(project, join(bin, '.bin/deno'), 'run', '-A', '--env-file=.env', 'server.ts')
    const headers = { 'content-type': 'application/json' }
    const body = '{"email":"ann@example.com","password":"correct horse"}'
    expect((await fetch(`${url}/api/user`, { method: 'POST', headers, body })).status).toBe(500)
    expect((await fetch(`${url}/api/todo`)).status).toBe(401)
    expect((await fetch(`${url}/api/openapi.json`)).status).toBe(200)
  })
})
