// The package as it is published: its JavaScript is bundled, and nothing may be missing for that.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundlePackage, entries } from '../scripts/bundle.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const sources = entries()
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'restuary-package-'))
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  await bundlePackage(join(folder, 'dist'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const node = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { cwd: folder })).stdout

const namesOf = (file: string): string =>
  `console.log(Object.keys(await import(${JSON.stringify(file)})).sort().join())`

test('each entry exports what its source exports', async () => {
  for (const [name, source] of Object.entries(sources)) {
    if (name.startsWith('cli/')) continue
    const [built, unbuilt] = await Promise.all(
      [join(folder, 'dist', `${name}.js`), source].map(file => node('--input-type=module', '-e', namesOf(file))),
    )
    expect(built, name).toBe(unbuilt)
  }
})

test('the command finds its version, and what it needs', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(await node('dist/cli/main.js', 'version')).toBe(`${version}\n`)
  expect(await node('dist/cli/main.js', 'help')).toContain('restuary serve FILE')
})
