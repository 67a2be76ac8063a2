// The packages as they are published, in a folder of their own.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundlePackage } from '../../scripts/bundle.ts'

const execute = promisify(execFile)
export const root: string = join(import.meta.dirname, '../..')

/** npm passes on its own settings to what it starts; a user has none of them. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_ENV$|^VITEST/.test(name)),
)

/** Runs a command in a folder. Rejects with what it printed if it fails. */
export async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await execute(command, args, { cwd: folder, env: environment, maxBuffer: 2 ** 26 })
  return stdout + stderr
}

export interface Packed {
  /** A folder without anything of the repository. */
  readonly folder: string
  /** The file of the package, and of create-restuary. */
  readonly restuary: string
  readonly create: string
}

/** Builds and packs both packages. */
export async function pack(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-fresh-'))
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const name of ['package.json', 'README.md', 'LICENSE', 'template', 'template-react'])
    cpSync(join(root, name), join(source, name), { recursive: true })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await Promise.all([
    bundlePackage(join(source, 'dist')),
    run(root, process.execPath, tsc, '-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')),
  ])
  const packed = async (from: string): Promise<string> => {
    const out = await run(folder, 'npm', 'pack', from, '--json', '--ignore-scripts')
    return join(folder, (JSON.parse(/^\[[^]*?^\]/m.exec(out)![0]) as { filename: string }[])[0]!.filename)
  }
  return { folder, restuary: await packed(source), create: await packed(join(root, 'create-restuary')) }
}

/** A folder in which create-restuary is installed, as `npm create` does for a moment. */
export async function installCreate({ folder, restuary, create }: Packed): Promise<string> {
  const place = join(folder, 'create')
  mkdirSync(place)
  const dependencies = { restuary: `file:${restuary}`, 'create-restuary': `file:${create}` }
  writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await run(place, 'npm', 'install', '--no-audit', '--no-fund')
  return join(place, 'node_modules/.bin/create-restuary')
}
