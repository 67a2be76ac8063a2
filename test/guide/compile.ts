// Compiles code of the documents as it would be compiled in the reader's project.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './pages.ts'

const run = promisify(execFile)

/** Where each import of the package leads in the sources: `restuary/client` to `src/client/index.ts`. */
export const entries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, string | Entry> })
      .exports,
  ).flatMap(([name, target]) =>
    typeof target === 'string'
      ? []
      : [[`restuary${name.slice(1)}`, join(root, target.default.replace('./dist', 'src').replace(/\.js$/, '.ts'))]],
  ),
)

interface Entry {
  readonly default: string
}

/** Compiles all files of a folder below this one. Resolves with the faults: `file.ts(7,3): error …`. */
export async function compile(folder: string, options: object = {}): Promise<string[]> {
  // Readers begin with the usual strictness, not with that of this repository.
  const compilerOptions = {
    paths: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, [path]])),
    jsx: 'react-jsx',
    declaration: false,
    isolatedDeclarations: false,
    noPropertyAccessFromIndexSignature: false,
    noUncheckedIndexedAccess: false,
    ...options,
  }
  const config = { extends: '../../../tsconfig.json', compilerOptions, include: ['.'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd: folder,
  }).catch((error: unknown) => error as { stdout: string })
  return stdout.split('\n').filter(Boolean)
}
