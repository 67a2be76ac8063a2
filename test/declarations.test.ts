// The types of an API can be written into a declaration file by those who only have the package: `tsc --init` asks for that.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')

const program = `import { act, action, actions, api, handled, job, resource, t } from 'restuary'
import type { Served } from 'restuary/client'
export const user = resource({
  id: t.id('uuid', { client: true }),
  email: t.email().unique(),
  password: t.password(),
  friends: t.many('user'),
  role: t.enum(['admin', 'member']).default('member'),
})
  .login('email', 'password')
  .rules((me, user) => ({ read: me.signedIn, fields: { email: { read: user.is(me) } } }))
export const note = resource
  .for(user)({
    id: t.id(),
    n: t.integer(),
    price: t.decimal({ digits: 9, places: 2 }),
    at: t.now(),
    bytes: t.bytes(),
    json: t.json(),
    tags: t.list(t.text()),
    photo: t.file(),
    owner: t.one('user').nullable(),
    parts: t.back('part', 'note'),
    count: t.count('parts'),
    loud: t.calc({ of: t.text(), uses: ['n'], get: row => String(row['n']) }),
  })
  .actions({
    close: action({ on: 'row', input: { why: t.text() }, output: { a: t.text() }, run: () => ({ a: '' }) }),
    work: job(async () => null),
  })
const part = resource({ id: t.id(), note: t.one('note') })
const here = resource.ephemeral({ id: t.id(), n: t.text() }, { ttl: '3 s' })
const hello = actions('Hello', null, { get: act({ input: { name: t.text() }, output: t.text() }, () => '') })
const lamps = handled({ '/lamps/': { get: () => [] } })
export const app = api({ user, note, part, here, hello, lamps })
export interface App extends Served<typeof app> {}
`

test('the type of an API has a name for whoever exports it', async () => {
  const folder = mkdtempSync(join(import.meta.dirname, 'declared-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const compile = (...options: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options], { cwd: folder }).catch(
      (error: unknown) => error as { stdout: string },
    )
  // The package shows only what it exports, unlike the sources.
  const installed = join(folder, 'node_modules/restuary')
  mkdirSync(installed, { recursive: true })
  const only = ['--emitDeclarationOnly', '--declarationMap', 'false', '--sourceMap', 'false', '--noCheck']
  await compile('-p', join(root, 'tsconfig.build.json'), ...only, '--outDir', join(installed, 'dist'))
  const exported = { '.': './dist/index.d.ts', './client': './dist/client/index.d.ts' }
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'restuary', type: 'module', exports: exported }),
  )
  writeFileSync(join(folder, 'app.ts'), program)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const compilerOptions = {
    module: 'nodenext',
    target: 'esnext',
    types: [],
    strict: true,
    declaration: true,
    noEmit: true,
    skipLibCheck: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  expect((await compile('-p', '.')).stdout).toBe('')
})
