import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Misuse } from '../src/cli/misuse.ts'
import { runCommand } from '../src/cli/run.ts'
import { makeChinook } from './fixtures/chinook.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MAIN = join(ROOT, 'src/cli/main.ts')
const DOCUMENT = {
  posts: [{ id: 1, title: 'First', views: 100 }],
  comments: [{ id: 1, text: 'Well', postId: 1 }],
  profile: { name: 'typicode' },
}

let directory: string
let shop: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'restuary-cli-'))
  shop = join(directory, 'shop.sqlite')
  makeChinook(shop)
  writeFileSync(join(directory, 'db.json'), JSON.stringify(DOCUMENT))
  writeFileSync(join(directory, 'broken.json'), '{ "posts": [ }')
  writeFileSync(join(directory, 'list.json'), '[]')
  writeFileSync(join(directory, 'notes.txt'), 'hello')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

interface Started {
  readonly child: ChildProcess
  readonly out: Promise<string>
  readonly err: () => string
  /** Resolves with the exit code once it ended. */
  readonly code: Promise<number | null>
}

function start(args: readonly string[], program = MAIN, env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    cwd: directory,
    env: { ...process.env, NODE_ENV: '', ...env },
  })
  children.add(child)
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk))
  return {
    child,
    out: text(child.stdout),
    err: () => err,
    code: once(child, 'close').then(([code]) => code as number | null),
  }
}

/** Resolves with the address when it is printed. Rejects if the process ends before. */
async function address(started: Started): Promise<string> {
  for (;;) {
    const [, url] = /Restuary serves (http:\S+)/.exec(started.err()) ?? []
    if (url !== undefined) return url
    const ended = await Promise.race([
      once(started.child.stderr!, 'data').then(() => false),
      started.code.then(() => true),
    ])
    if (ended) throw new Error(`it ended: ${started.err()}`)
  }
}

const json = async (url: string): Promise<any> => (await fetch(url)).json()
const patch = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'PATCH', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

test('serve: serves a SQLite file, says what it does to the file, and ends with SIGTERM', async () => {
  const started = start(['serve', shop, '--port', '0'])
  const url = await address(started)
  const rows = await json(
    `${url}/track?filter={"album":{"artist":{"name":"AC/DC"}}}&depth=2&sort=-milliseconds&limit=5`,
  )
  expect(rows).toHaveLength(5)
  expect(rows[0].album.title).toEqual(expect.any(String))
  expect(await json(`${url}/InvoiceLine/1`)).toMatchObject({
    status: 404,
    detail: 'the table InvoiceLine is served at /invoiceLine',
  })
  started.child.kill('SIGTERM')
  expect(await started.code).toBe(0)
  expect(started.err()).toMatch(/_restuary_\*/)
  expect(started.err()).toMatch(/^ +\/track +read and write +\/track\/:id/m)
  expect(started.err()).toMatch(/PlaylistTrack is served as playlist\.tracks and track\.playlists/)
})

test('serve: a JSON file in json-server’s form, changes written back, the rest of it kept', async () => {
  const file = join(directory, 'db.json')
  const started = start(['serve', file, '--port', '0'])
  const url = await address(started)
  expect(await json(`${url}/posts/1`)).toMatchObject({ id: 1, title: 'First' })
  expect(await json(`${url}/comment?post.title=First`)).toMatchObject([{ text: 'Well', post: 1 }])
  expect((await patch(`${url}/post/1`, { title: 'Changed' })).status).toBe(200)
  started.child.kill('SIGINT')
  expect(await started.code).toBe(0)
  expect(started.err()).toContain('profile is not served: it is a single object: those are served with --json-server')
  const { posts, comments, profile } = JSON.parse(readFileSync(file, 'utf8'))
  expect({ posts, comments, profile }).toEqual({
    ...DOCUMENT,
    posts: [{ ...DOCUMENT.posts[0], title: 'Changed' }],
  })
})

test('serve --json-server: the words of json-server are understood, and refused without it', async () => {
  const file = join(directory, 'words.json')
  writeFileSync(file, JSON.stringify(DOCUMENT))
  const plain = start(['serve', file, '--port', '0', '--cors', 'http://front.example'])
  const refused = await fetch(`${await address(plain)}/posts?_sort=title&views_gte=1`, {
    headers: { origin: 'http://front.example' },
  })
  expect(refused.status).toBe(400)
  expect(refused.headers.get('access-control-allow-origin')).toBe('http://front.example')
  expect(((await refused.json()) as { detail: string }).detail).toContain('--json-server')
  plain.child.kill('SIGTERM')
  await plain.code
  const url = await address(start(['serve', file, '--port', '0', '--json-server']))
  expect(await json(`${url}/posts?_embed=comments&views_gte=50`)).toEqual([
    { ...DOCUMENT.posts[0], comments: DOCUMENT.comments },
  ])
  expect(await (await patch(`${url}/profile`, { name: 'x' })).json()).toEqual({ name: 'x' })
  expect(JSON.parse(readFileSync(file, 'utf8')).profile).toEqual({ name: 'x' })
})

test.each([['sqlite'], ['json']])('serve --memory: the %s file stays as it is', async kind => {
  const file = kind === 'sqlite' ? shop : join(directory, 'db.json')
  const before = readFileSync(file)
  const started = start(['serve', file, '--port', '0', '--memory'])
  const url = await address(started)
  const item = kind === 'sqlite' ? `${url}/artist/1` : `${url}/post/1`
  const change = kind === 'sqlite' ? { name: 'x' } : { title: 'x' }
  expect(await (await patch(item, change)).json()).toMatchObject(change)
  started.child.kill('SIGTERM')
  expect(await started.code).toBe(0)
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('serve --read-only: reads, refuses writes, leaves no trace in the file', async () => {
  const file = join(directory, 'untouched.sqlite')
  makeChinook(file)
  const before = readFileSync(file)
  const started = start(['serve', file, '--port', '0', '--read-only'])
  const url = await address(started)
  expect(await json(`${url}/artist/1`)).toMatchObject({ name: 'AC/DC' })
  expect((await patch(`${url}/artist/1`, { name: 'x' })).status).toBe(405)
  started.child.kill('SIGTERM')
  expect(await started.code).toBe(0)
  expect(readFileSync(file).equals(before)).toBe(true)
})

test.each([
  [['serve', 'missing.sqlite'], 'There is no file', 'there is '],
  [['serve', 'shop.sqlit'], 'There is no file', /did you mean .*shop\.sqlite\?/],
  [['serve', 'broken.json'], 'broken.json is not JSON', 'correct it there'],
  [['serve', 'list.json'], 'is a list', /give it a name: { "list"/],
  [['serve', 'notes.txt'], 'neither a SQLite file nor JSON', 'name a file'],
  [['serve', 'shop.sqlite', '--json-server'], 'is not a JSON file', 'leave --json-server out'],
  [['serve', '.'], 'is a directory', 'name a SQLite or a JSON file'],
  [['serve'], 'serve needs a file', 'restuary serve shop.sqlite'],
  [['serve', 'db.json', 'other.json'], 'takes one file', 'quotes'],
  [['serve', 'db.json', '--port', 'x'], 'x is not a port', '0 for any free one'],
  [['serve', 'db.json', '--prot', '1'], "Unknown option '--prot'", 'did you mean --port?'],
  [['serve', 'db.json', '--out', 'x.ts'], 'serve has no option --out', '--read-only'],
  [['sevre', 'db.json'], 'There is no command sevre', 'did you mean serve?'],
  [['import', 'db.json', '--out', 'notes.txt'], 'is there already', 'name another file'],
  [['serve', 'postgres://127.0.0.1:1/shop'], 'cannot be read', 'check the address'],
  [['serve', 'postgres://127.0.0.1:1/shop', '--memory'], '--memory', 'createdb'],
  [['triggers'], 'needs an action and a database', 'there is install, remove'],
  [['triggers', 'install', 'absent.sqlite'], 'there is no file', 'name a SQLite file'],
  [['serve', 'mysql://localhost/shop'], 'mysql:// is no file', 'name a SQLite or a JSON file'],
])('restuary %j is refused, and the fix is told', async (args, problem, fix) => {
  const placed = args.map(arg => (/^\.$|\.(sqlite?|json|txt|ts)$/.test(arg) ? join(directory, arg) : arg))
  const error = await runCommand(placed).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Misuse)
  expect(error).toMatchObject({ message: expect.stringContaining(problem), fix: expect.stringMatching(fix) })
})

test('a refusal is one line, and its exit code is 2', async () => {
  const started = start(['serve', 'missing.sqlite'])
  expect(await started.code).toBe(2)
  expect(started.err()).toMatch(/^restuary: There is no file missing\.sqlite; .*\n$/)
})

test('serve: open resources are not served to other machines', async () => {
  const started = start(['serve', 'db.json', '--port', '0', '--host', '0.0.0.0'])
  expect(await started.code).toBe(1)
  expect(started.err()).toContain('have no rules')
  expect(started.err()).not.toMatch(/^ +at /m)
})

test('serve: in production, open resources must be declared open', async () => {
  const refused = start(['serve', 'db.json', '--port', '0', '--memory'], MAIN, { NODE_ENV: 'production' })
  expect(await refused.code).toBe(1)
  expect(refused.err()).toContain('NODE_ENV is production')
  const meant = start(['serve', 'db.json', '--port', '0', '--memory', '--public'], MAIN, { NODE_ENV: 'production' })
  expect((await fetch(await address(meant))).status).toBe(200)
})

test('serve: a port in use is named, with another one to try', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const started = start(['serve', shop, '--memory', '--port', String(port)])
  expect(await started.code).toBe(1)
  expect(started.err()).toContain(`Port ${port} on 127.0.0.1 is in use. Choose another port (${port + 1})`)
  other.close()
})

test('help', async () => {
  const started = start(['--help'])
  expect(await started.code).toBe(0)
  expect(await started.out).toContain('serve SOURCE')
})

test.each(['version', '--version', '-v'])('%s prints the version', async word => {
  const started = start([word])
  expect(await started.out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test.each([
  ['a port that it names', (port: number) => `{ port: ${port} }`, (port: number) => `${port}`],
  ['the PORT of its environment', () => '{}', (port: number) => `PORT=${port}`],
])('a program whose port is in use ends with one sentence: %s', async (_, options, another) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const program = join(directory, 'program.ts')
  const index = JSON.stringify(join(ROOT, 'src/index.ts'))
  writeFileSync(program, `import { api, serve } from ${index}\nawait serve(api({}), ${options(port)})\n`)
  const started = start([], program, { PORT: String(port) })
  expect(await started.code).toBe(1)
  const fix = `Choose another port (${another(port + 1)}), or 0 for any free one.`
  expect(started.err()).toBe(`Port ${port} on 127.0.0.1 is in use. ${fix}\n`)
  other.close()
})

test('an invalid PORT is reported', async () => {
  const started = start(['serve', shop, '--memory'], MAIN, { PORT: 'http' })
  expect(await started.code).toBe(1)
  expect(started.err()).toContain('PORT=http is not a port. Give a number from 1 to 65535')
})

test('import: the declarations type-check and serve the same as the file', async () => {
  const legacy = join(directory, 'legacy.sqlite')
  const db = new DatabaseSync(legacy)
  db.exec(readFileSync(new URL('fixtures/legacy.sql', import.meta.url), 'utf8'))
  db.close()
  const index = JSON.stringify(join(ROOT, 'src/index.ts'))
  const programs: string[] = []
  for (const name of ['shop.sqlite', 'legacy.sqlite', 'db.json']) {
    const out = join(directory, `${name}.ts`)
    const started = start(['import', name, '--out', `${name}.ts`])
    expect(await started.code, started.err()).toBe(0)
    // The package is not installed here, so its sources are used.
    writeFileSync(
      out,
      readFileSync(out, 'utf8').replace(`'restuary'`, index).replace('serve(app)', 'serve(app, { port: 0 })'),
    )
    programs.push(out)
  }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        isolatedDeclarations: false,
        declaration: false,
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  )
  const compiled = start(['--noEmit', '-p', directory], join(ROOT, 'node_modules/typescript/bin/tsc'))
  expect(await compiled.out).toBe('')
  expect(await compiled.code).toBe(0)

  for (const [i, name] of ['shop.sqlite', 'legacy.sqlite', 'db.json'].entries()) {
    const imported = await address(start([], programs[i]))
    const read = await answers(imported)
    const direct = await address(start(['serve', name, '--port', '0', '--memory']))
    expect(Object.values(read).filter(Array.isArray).length).toBeGreaterThan(1)
    expect(read).toEqual(await answers(direct))
    for (const child of children) child.kill('SIGKILL')
  }
})

/** The first answer of each resource, by its path. */
async function answers(url: string): Promise<Record<string, unknown>> {
  const paths = [
    '/track',
    '/artist',
    '/employee',
    '/person',
    '/message',
    '/stay',
    '/adult',
    '/log',
    '/posts',
    '/comment',
  ]
  return Object.fromEntries(
    await Promise.all(
      paths.map(async path => {
        const response = await fetch(`${url}${path}?limit=5&depth=2`)
        return [path, response.status === 200 ? await response.json() : response.status] as const
      }),
    ),
  )
}
