import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../src/cli/run.ts'
import { clientTypes } from '../../src/describe/client/client-types.ts'
import { serve, type Served } from '../../src/index.ts'
import { office } from './office.ts'
import { startExample, type Started } from './started.ts'

describe('the client that the command writes', () => {
  let served: Served
  let directory: string
  let client: any
  beforeAll(async () => {
    served = await serve(office(), { port: 0, signals: false, report: () => {} })
    directory = mkdtempSync(join(tmpdir(), 'restuary-client-'))
    await runCommand(['client', `${served.url}/api`, '--out', join(directory, 'client.mjs')])
    client = ((await import(pathToFileURL(join(directory, 'client.mjs')).href)) as { default: unknown }).default
    await client.auth.login({ email: 'ann@example.com', password: 'correct horse battery' })
  })
  afterAll(async () => {
    await served.close()
    rmSync(directory, { recursive: true })
  })

  test('makes, reads, changes and deletes rows', async () => {
    const made = await client.task.create({ title: 'Write', user: 1 })
    expect(made).toMatchObject({ title: 'Write', done: false })
    expect(await client.task.get(made.id)).toEqual(made)
    expect(await client.task.patch(made.id, { done: true })).toMatchObject({ done: true })
    expect(await client.task.replace(made.id, { title: 'Read', user: 1 })).toMatchObject({ title: 'Read', done: false })
    await client.task.delete(made.id)
    await expect(client.task.get(made.id)).rejects.toMatchObject({ status: 404, error: 'not_found' })
  })

  test('makes several at once, and asks for lists with filters', async () => {
    await client.notice.create([{ text: 'a' }, { text: 'b' }, { text: 'c' }])
    const texts = async (query: object): Promise<string[]> =>
      (await client.notice.list(query)).map((one: { text: string }) => one.text)
    expect(await texts({ 'text[in]': ['a', 'c'], sort: ['-text', 'id'] })).toEqual(['c', 'a'])
    expect(await texts({ filter: { $or: [{ text: 'a' }, { text: { $gt: 'b' } }] }, sort: 'text' })).toEqual(['a', 'c'])
    expect(await client.notice.list({ text: 'a', fields: ['text'] })).toEqual([{ text: 'a' }])
  })

  test('goes through relations, and calls actions', async () => {
    const made = await client.user.tasks.create(1, { title: 'Nested' })
    expect(made).toMatchObject({ title: 'Nested', user: 1 })
    expect(await client.user.tasks.list(1, { title: 'Nested' })).toMatchObject([{ id: made.id }])
    expect(await client.task.close(made.id, { why: null })).toEqual({ ok: true })
    expect(await client.hello.get({ name: 'you' })).toEqual({ hello: 'you' })
    expect(await client.hello.post({ name: 'you' })).toEqual({ hello: 'you' })
  })

  test('follows rows, and writes are told', async () => {
    const live = client.notice.live({ filter: { text: { $startsWith: 'live' } }, sort: '-text' })
    const states = live[Symbol.asyncIterator]()
    await states.next()
    await client.notice.create([{ text: 'live a' }, { text: 'live b' }])
    const { value } = await states.next()
    expect(value.rows.map((row: { text: string }) => row.text)).toEqual(['live b', 'live a'])
    await states.return()
    live.close()
  })

  test('renews its token when it is refused, and forgets it with the logout', async () => {
    const granted = await client.auth.login({ email: 'ann@example.com', password: 'correct horse battery' })
    expect(granted.access_token).toBe(client.$.getToken())
    client.$.setToken('spoilt')
    expect(await client.task.list({ limit: 1 })).toHaveLength(1)
    expect(client.$.getToken()).not.toBe('spoilt')
    await client.auth.logout()
    expect(client.$.getToken()).toBeNull()
    await expect(client.task.create({ title: 'a', user: 1 })).rejects.toMatchObject({ status: 401 })
    await expect(client.auth.login({ email: 'ann@example.com', password: 'no' })).rejects.toMatchObject({
      name: 'ClientError',
      status: 401,
      error: 'unauthenticated',
    })
    await client.auth.login({ email: 'ann@example.com', password: 'correct horse battery' })
  })

  test('throws refusals with their places', async () => {
    await expect(client.task.create({ title: '' })).rejects.toMatchObject({
      name: 'ClientError',
      status: 400,
      error: 'validation',
      errors: [{ pointer: '#/title' }, { pointer: '#/user' }],
    })
    expect(() => client.task.get()).toThrow(TypeError)
  })

  test('has types that hold', async () => {
    const use = `import client, { type TaskCreate, type Task } from './client.mjs'
const body: TaskCreate = { title: 'a', user: 1, tags: ['x'] }
const made: Task = await client.task.create(body)
const many: Task[] = await client.task.create([body, body])
const size: 'small' | 'large' | null = made.size
await client.task.list({ done: true, 'title[contains]': 'x', sort: ['-title'], filter: { title: { $in: ['a'] } } })
const nested: Task[] = await client.user.tasks.list(1)
const closed: { ok: boolean } = await client.task.close(many[0]!.id, { why: null })
await client.user.tasks.create(1, { title: 'b' })
// @ts-expect-error -- a title is text
await client.task.create({ title: 5, user: 1 })
// @ts-expect-error -- there is no such resource
client.nothing
// @ts-expect-error -- a row needs its id
await client.task.get()
// @ts-expect-error -- there is no such field
await client.task.list({ nothing: 1 })
export { size, nested, closed }
`
    writeFileSync(join(directory, 'use.mts'), use)
    const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
    const options = ['--strict', '--noEmit', '--target', 'esnext', '--module', 'nodenext', '--ignoreConfig']
    const { stdout } = await promisify(execFile)(tsc, [...options, 'use.mts'], { cwd: directory }).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  })

  test('has types whatever resources are called', () => {
    const names = ['Promise', 'Record', 'Array', 'Client', 'Options', 'Größe', '2nd']
    const schemas = Object.fromEntries(names.map(name => [name, { type: 'object' }]))
    const types = clientTypes({ components: { schemas }, paths: {} })
    const declared = [...types.matchAll(/^export type (\S+) =/gm)].map(([, name]) => name)
    expect(declared.slice(0, names.length)).toEqual([
      'Promise2',
      'Record2',
      'Array2',
      'Client2',
      'Options2',
      'Größe',
      '_2nd',
    ])
  })

  test('can be made from a module that makes an API, and from its document', async () => {
    const index = join(import.meta.dirname, '../../src/index.ts')
    const module = `import { api, resource, t } from ${JSON.stringify(index)}
const note = resource({ id: t.id(), text: t.text() }).public()
export const app = api({ note }, { report: () => {}, http: { prefix: '/api' } })\n`
    writeFileSync(join(directory, 'app.ts'), module)
    await runCommand(['openapi', join(directory, 'app.ts'), '--out', join(directory, 'openapi.json')])
    await runCommand(['client', join(directory, 'app.ts'), '--out', join(directory, 'a.mjs')])
    await runCommand(['client', join(directory, 'openapi.json'), '--out', join(directory, 'b.mjs')])
    const written = (name: string): string => readFileSync(join(directory, name), 'utf8')
    expect(written('a.d.mts')).toContain('note: Table<number, Note')
    expect(written('b.d.mts')).toBe(written('a.d.mts'))
    expect(written('b.mjs')).toBe(written('a.mjs'))
    writeFileSync(join(directory, 'none.mjs'), 'export const x = 1')
    await expect(runCommand(['client', join(directory, 'none.mjs')])).rejects.toThrow(/makes no API/)
    await expect(runCommand(['client', join(directory, 'absent.ts')])).rejects.toThrow(/absent\.ts is not there/)
  })

  test('a module is only looked at: it opens no store, keeps no files and serves nothing', async () => {
    const index = join(import.meta.dirname, '../../src/index.ts')
    const database = join(directory, 'untouched.db')
    const made = `const app = api({ note }, { store: sqlite(${JSON.stringify(database)}), seed: () => { throw new Error('seeded') } })`
    const module = `import { api, resource, serve, sqlite, t } from ${JSON.stringify(index)}
const note = resource({ id: t.id(), text: t.text(), photo: t.file() }).public()\n`
    writeFileSync(join(directory, 'served.ts'), `${module}${made}\nawait serve(app, { port: 0 })\n`)
    writeFileSync(join(directory, 'created.ts'), `${module}export function createApp() { ${made}; return app }\n`)
    for (const name of ['served', 'created']) {
      await runCommand(['openapi', join(directory, `${name}.ts`), '--out', join(directory, `${name}.json`)])
      expect(readFileSync(join(directory, `${name}.json`), 'utf8')).toContain('"/note/{id}/photo"')
    }
    expect(existsSync(database)).toBe(false)
  })

  test('can be made from the URL of a running API', async () => {
    await expect(runCommand(['client', 'http://127.0.0.1:1'])).rejects.toThrow(/is not there/)
    await expect(runCommand(['client'])).rejects.toThrow('client needs a URL')
  })
})

describe('the commands that write documents', () => {
  test.each(['openapi', 'asyncapi'])('%s of a file', async kind => {
    const directory = mkdtempSync(join(tmpdir(), 'restuary-document-'))
    try {
      const file = join(directory, 'db.json')
      writeFileSync(file, JSON.stringify({ posts: [{ id: 1, title: 'a' }] }))
      await runCommand([kind, file, '--out', join(directory, 'out.json')])
      const document = JSON.parse(readFileSync(join(directory, 'out.json'), 'utf8')) as Record<string, object>
      expect(document[kind]).toMatch(/^3\./)
      expect(Object.keys(document['components']!)).toContain('schemas')
      // The file is only read.
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ posts: [{ id: 1, title: 'a' }] })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

// The resource that the original's own clients are tested with.
describe('res.js of the meta data', () => {
  let started: Started
  let directory: string
  let res: any
  beforeAll(async () => {
    started = await startExample('test-resource')
    const script = await (await fetch(`${started.url}/?f=res.js`)).text()
    directory = mkdtempSync(join(tmpdir(), 'restuary-res-'))
    writeFileSync(join(directory, 'res.cjs'), script)
    res = createRequire(import.meta.url)(join(directory, 'res.cjs'))
    res.config.urlPrefix = started.url
  })
  afterAll(async () => {
    await started.stop()
    rmSync(directory, { recursive: true })
  })

  test('has a function for each action, at the URI in its name', async () => {
    for (const action of ['get', 'post', 'post_name', 'put', 'patch', 'delete']) {
      expect([action, await res.test[action]({ name: 'kk' })]).toEqual([action, { hello: 'kk' }])
    }
  })

  test('sends no body or query if there are no arguments', async () => {
    for (const action of ['get', 'post', 'post_name', 'put', 'patch', 'delete']) {
      expect([action, await res.test[action]()]).toEqual([action, { hello: 'world' }])
      expect([action, await res.test[action](null)]).toEqual([action, { hello: 'world' }])
    }
    expect(await res.test.post('name=form')).toEqual({ hello: 'form' })
  })

  test.each([
    [404, 'NotFound'],
    [403, 'Forbidden'],
    [401, 'Unauthorized'],
    [400, 'BadRequest'],
    [500, 'ServerError'],
  ])('rejects with the error: %i', async (status, error) => {
    await expect(res.test[`get_${status}`]()).rejects.toMatchObject({ status, error })
  })

  test('keeps the token that an answer brings, and sends it', async () => {
    await expect(res.test.get_me()).rejects.toMatchObject({ status: 403, error: 'PermissionDeny' })
    await res.test.post_login({ name: 'admin' })
    expect(res.getToken()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(await res.test.get_me()).toMatchObject({ role: 'admin', name: 'admin' })
    res.clearToken()
    await expect(res.test.get_me()).rejects.toMatchObject({ status: 403 })
  })

  test('lets others keep the token', async () => {
    let kept: string | null = null
    res.setToken = (token: string) => (kept = token)
    res.getToken = () => kept
    await res.test.post_login({ name: 'admin' })
    expect(kept).not.toBeNull()
    expect(await res.test.get_me()).toMatchObject({ name: 'admin' })
  })

  test('follows redirects, sends files, and returns the Response if there is no JSON', async () => {
    expect(await res.test.get_302()).toEqual({ hello: 'world' })
    const form = new FormData()
    form.append('upload', new File(['a'], 'a.txt'))
    form.append('upload', new File(['b'], 'b.txt'))
    expect(await res.test.post_upload(form)).toEqual({ recv: 2 })
    expect(await (await res.test.get_binary()).text()).toMatch(/^id,name/)
  })

  test('sends any request', async () => {
    expect(await res.ajax('/test', 'GET', { name: 'a b&c' })).toEqual({ hello: 'a b&c' })
    expect(await res.ajax('/test', 'POST', { name: 'x' })).toEqual({ hello: 'x' })
  })
})
