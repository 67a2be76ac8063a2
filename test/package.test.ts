// The package as it is published: its JavaScript is bundled, and nothing may be missing for that.
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundlePackage, entries, isOfClient } from '../scripts/bundle.ts'

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

test('each entry exports the same as its source', async () => {
  for (const [name, source] of Object.entries(sources)) {
    if (name.startsWith('cli/')) continue
    const [built, unbuilt] = await Promise.all(
      [join(folder, 'dist', `${name}.js`), source].map(file => node('--input-type=module', '-e', namesOf(file))),
    )
    expect(built, name).toBe(unbuilt)
  }
})

test('the command finds its version and its dependencies', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(await node('dist/cli/main.js', 'version')).toBe(`${version}\n`)
  expect(await node('dist/cli/main.js', 'help')).toContain('serve SOURCE')
})

interface OlderNode {
  readonly path: string
  readonly options: readonly string[]
  readonly version: string
}

/** The Node that runs npm, which may be an older one; this one, made to say that it is, stands for those that are not there. */
const olderNodes: readonly OlderNode[] = [
  { path: process.execPath, options: ['--import', versionHook('20.20.2')], version: '20.20.2' },
  { path: process.execPath, options: ['--import', versionHook('24.6.9')], version: '24.6.9' },
  ...installedNode(),
]

function versionHook(version: string): string {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  return `data:text/javascript,${encodeURIComponent(code)}`
}

function installedNode(): OlderNode[] {
  const path = process.env['npm_node_execpath']
  if (path === undefined) return []
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 24 || (major === 24 && minor < 7) ? [{ path, options: [], version }] : []
}

test.each(olderNodes)('Node $version at $path is refused in one sentence', async ({ path, options, version }) => {
  const sentence = `Restuary needs Node 24.7 or newer; this is ${version}\n`
  for (const name of Object.keys(sources).filter(one => !isOfClient(one))) {
    const file = join(folder, 'dist', `${name}.js`)
    const code = ['--input-type=module', '-e', `import ${JSON.stringify(file)}`]
    for (const args of name.startsWith('cli/') ? [code, [file, '--version']] : [code]) {
      const ended = await run(path, [...options, ...args], { cwd: folder }).catch((error: unknown) => error)
      expect(ended, `${name} ${args[0]}`).toMatchObject({ code: 1, stdout: '', stderr: sentence })
    }
  }
})

test('the version that is asked for is the one of package.json', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
  expect(engines.node).toBe('>=24.7')
})

test('source maps hold their sources, which are not in the package', () => {
  const maps = globSync('**/*.map', { cwd: join(folder, 'dist') })
  expect(maps.length).toBeGreaterThan(0)
  for (const file of maps) {
    const map = JSON.parse(readFileSync(join(folder, 'dist', file), 'utf8')) as Record<string, string[] | undefined>
    expect(map['sourcesContent'], file).toHaveLength(map['sources']!.length)
  }
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as {
    compilerOptions: Record<string, unknown>
  }
  expect(compilerOptions['declarationMap']).toBeUndefined()
})
