// `restuary bench`: it drives an API that runs, and tells how fast it answered.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { always, api, resource, serve, t } from '../src/index.ts'

const run = promisify(execFile)
const main = join(import.meta.dirname, '../src/cli/main.ts')

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code?: number
}

const bench = (...args: string[]): Promise<Ended> =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'bench', ...args]).catch(
    (ended: unknown) => ended as Ended,
  )

/** The API's URL: of the server, and below its prefix. */
async function start(): Promise<string> {
  const todo = resource({ id: t.id(), text: t.text(), done: t.bool().default(false) }).public()
  const secret = resource({ id: t.id() }).rules(me => ({ read: me.signedIn, create: always }))
  const app = api(
    { todo, secret },
    {
      http: { prefix: '/api', log: () => {} },
      authenticate: ({ header }) => (header('x-me') === 'ann' ? { id: 1 } : null),
      seed: async app => void (await app.post('todo', { text: 'pack' })),
    },
  )
  const { url, close } = await serve(app, { port: 0, signals: false, report: () => {} })
  onTestFinished(close)
  return `${url}/api`
}

test('of an API each list that may be read is measured, with its tag, its first row and a stream', async () => {
  const { stdout, code } = await bench(await start(), '--connections', '2', '--seconds', '1', '--json')
  expect(code).toBeUndefined()
  const { measured } = JSON.parse(stdout) as { measured: { name: string; answers: object }[] }
  expect(measured.map(({ name, answers }) => [name, Object.keys(answers)])).toEqual([
    ['GET /api/todo', ['200']],
    ['GET /api/todo (unchanged)', ['304']],
    ['GET /api/todo/1', ['200']],
    ['follow /api/todo', ['200']],
  ])
})

test('one URL, with credentials, as a table', async () => {
  const url = `${await start()}/secret`
  const given = ['--connections', '1', '--seconds', '1']
  const { stdout, code } = await bench(url, ...given, '--header', 'x-me: ann')
  expect(code).toBeUndefined()
  expect(stdout).toMatch(/^GET \/api\/secret +[\d,]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +2  200 × [\d,]+$/m)
  expect(await bench(url, ...given)).toMatchObject({
    code: 2,
    stderr: `restuary: ${url} is refused; check the path; --header sends credentials\n`,
  })
})

test('a command line that cannot be followed says what to do', async () => {
  expect(await bench('todo.db')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a URL') })
  expect(await bench('http://127.0.0.1:1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('start your server first: restuary dev'),
  })
  expect(await bench('http://127.0.0.1:1', '--seconds', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('give a number from 1 to 9999'),
  })
})
