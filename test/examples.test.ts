import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

let child: ChildProcess
let directory: string
let told = ''
afterEach(async () => {
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
  rmSync(directory, { recursive: true })
})

/** Starts an example in its own directory. Resolves with its address. */
async function start(name: string, ...args: string[]): Promise<string> {
  directory = mkdtempSync(join(tmpdir(), 'restuary-example-'))
  const main = fileURLToPath(new URL(`../examples/${name}/main.ts`, import.meta.url))
  child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: directory,
    env: { ...process.env, PORT: '0', NODE_ENV: '', SECRET: undefined },
  })
  told = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (told += chunk))
  const ended = once(child, 'close').then(() => true)
  for (;;) {
    const [, url] = /Restuary serves (http:\S+)/.exec(told) ?? []
    if (url !== undefined) return url
    if (await Promise.race([ended, once(child.stderr!, 'data').then(() => false)])) throw new Error(told)
  }
}

const json = async (url: string): Promise<any> => (await fetch(url)).json()
const send = async (method: string, url: string, body: unknown): Promise<any> =>
  (await fetch(url, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })).json()

test('todo: a list is made with its todos', async () => {
  const url = await start('todo')
  expect(await send('POST', `${url}/list`, { title: 'Trip', todos: [{ text: 'pack' }] })).toEqual({
    id: 1,
    title: 'Trip',
    todos: [1],
  })
  expect(await json(`${url}/todo?done=false`)).toEqual([{ id: 1, text: 'pack', done: false, due: null, list: 1 }])
})

test('todo-socketio: the page and its scripts are served, its functions over HTTP as well', async () => {
  const url = await start('todo-socketio')
  for (const path of ['/', '/static/todo.js', '/static/socket.io.js'])
    expect((await fetch(url + path)).status).toBe(200)
  const todo = { id: '1', text: 'pack', completed: false }
  expect(await send('POST', `${url}/todo/`, { text: 'pack' })).toEqual(todo)
  expect(await json(`${url}/todo`)).toEqual([todo])
})

test('koala: a patch writes rows along, or nothing', async () => {
  const url = await start('koala')
  expect(await send('PATCH', `${url}/cages/koala`, { heating: true, degrees: 99 })).toMatchObject({ heating: true })
  expect(await json(`${url}/note`)).toMatchObject([{ text: 'koala: heating on' }])
  expect(await json(`${url}/cages?heating=true`)).toMatchObject([{ id: 'koala' }])
})

test('cookies: a relation is right on both sides, whichever is written', async () => {
  const url = await start('cookies')
  await send('PATCH', `${url}/cookie/1`, { jar: 2 })
  expect(await json(`${url}/jar`)).toMatchObject([{ cookies: [2] }, { cookies: [1, 3], count: 2 }])
  await send('PATCH', `${url}/jar/1`, { cookies: [1] })
  expect(await json(`${url}/cookie`)).toMatchObject([{ jar: 1 }, { jar: null }, { jar: 2 }])
})

test('ownership: rows of others do not exist', async () => {
  const url = await start('ownership')
  const as = async (user: string | null, method: string, path: string, body?: unknown): Promise<[number, any]> => {
    const headers = { 'content-type': 'application/json', ...(user === null ? {} : { 'x-user': user }) }
    const init = { method, headers }
    const answer = await fetch(url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) })
    const text = await answer.text()
    return [answer.status, text === '' ? null : JSON.parse(text)]
  }
  const jar = { id: 1, label: 'mine', cookies: [1] }
  expect(await as('alice', 'POST', '/jar', { label: 'mine', cookies: [{ type: 'donut' }] })).toEqual([201, jar])
  expect(await as('bob', 'POST', '/jar', { label: 'his' })).toEqual([201, { id: 2, label: 'his', cookies: [] }])
  expect(await as('alice', 'GET', '/jar')).toEqual([200, [jar]])
  expect(await as('bob', 'GET', '/jar')).toMatchObject([200, [{ id: 2 }]])
  for (const [method, body] of [['GET'], ['PATCH', { label: 'taken' }], ['DELETE']] as const)
    expect(await as('bob', method, '/jar/1', body)).toMatchObject([404, { error: 'not_found' }])
  // A hidden row cannot be linked to, filtered by or taken.
  const reference = { errors: [{ code: 'reference' }] }
  expect(await as('bob', 'POST', '/cookie', { type: 'muffin', jar: 1 })).toMatchObject([400, reference])
  expect(await as('bob', 'PATCH', '/jar/2', { cookies: [1] })).toMatchObject([400, reference])
  expect(await as('bob', 'GET', '/cookie?jar.label=mine')).toEqual([200, []])
  // Nobody can set the owner of a row.
  expect((await as('bob', 'POST', '/cookie', { type: 'muffin', user_id: 'alice' }))[0]).toBe(400)
  expect((await as('bob', 'GET', '/cookie?user_id=alice'))[0]).toBe(400)
  expect((await as(null, 'GET', '/jar'))[0]).toBe(401)
  expect((await as(null, 'POST', '/jar', { label: 'x' }))[0]).toBe(401)
})

test('world: 250 countries, their relations and over 100,000 cities', async () => {
  const url = await start('world', 'world.db')
  const total = async (path: string): Promise<number> =>
    Number((await fetch(`${url}${path}?total=true&limit=0`)).headers.get('x-total-count'))
  expect(await total('/country')).toBe(250)
  expect(await total('/city')).toBeGreaterThan(100_000)
  const [france] = await json(`${url}/country?cca3=FRA&include=borders,languages`)
  expect(france.borders.map((one: any) => one.cca3)).toContain('ESP')
  expect(france.languages).toMatchObject([{ code: 'fra', name: 'French' }])
  const spain = `filter=${encodeURIComponent('{"borders":{"$some":{"cca3":"FRA"}}}')}`
  expect((await json(`${url}/country?${spain}&fields=cca3`)).map((one: any) => one.cca3)).toContain('ESP')
  expect(await json(`${url}/country/${france.id}/cities?sort=-population&limit=1&fields=name`)).toEqual([
    { name: 'Paris' },
  ])
  // Every query that the start proposes is answered with something.
  const proposed = told.match(/^ +http:\/\/\S+\?.*$/gm)!
  expect(proposed.length).toBeGreaterThan(5)
  for (const query of proposed) {
    const rows = await json(query.trim())
    expect([query, rows.length > 0]).toEqual([query, true])
  }
})

test('test resource: every method, errors, bytes, an upload, a token', async () => {
  const url = await start('test-resource')
  const meta = await json(`${url}/?json`)
  expect(Object.keys(meta.test).filter(name => !name.startsWith('$')).length).toBe(16)
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const response = await fetch(`${url}/test`, { method })
    expect([method, response.status, await response.json()]).toEqual([method, 200, { hello: 'world' }])
  }
  for (const status of [404, 403, 401, 400, 500]) expect((await fetch(`${url}/test/${status}`)).status).toBe(status)
  expect(await json(`${url}/test/302`)).toEqual({ hello: 'world' })
  expect(await (await fetch(`${url}/test/binary`)).text()).toBe('id,name\n1,Ann\n2,Ben\n')
  const form = new FormData()
  form.append('upload', new File(['a'], 'a.txt'))
  expect(await (await fetch(`${url}/test/upload`, { method: 'POST', body: form })).json()).toEqual({ recv: 1 })
  expect((await fetch(`${url}/test/me`)).status).toBe(403)
  const login = await fetch(`${url}/test/login`, { method: 'POST', body: new URLSearchParams({ name: 'Ann' }) })
  const headers = { authorization: login.headers.get('authorization')! }
  expect(await (await fetch(`${url}/test/me`, { headers })).json()).toMatchObject({ role: 'admin', name: 'Ann' })
})

test.each(['chat', 'kanban', 'sensor'])('%s starts with the one command that its page names', async name => {
  const page = readFileSync(new URL(`../examples/${name}/README.md`, import.meta.url), 'utf8')
  expect(page).toMatch(new RegExp(`^node examples/${name}/main\\.ts`, 'm'))
  const url = await start(name)
  expect((await fetch(new URL('/openapi.json', url))).status).toBe(200)
})
