// Every block of TypeScript in the README and the guide compiles, as it would in the reader's project.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { pagesIn, readPage, root, type Page } from './pages.ts'

const run = promisify(execFile)

/** Where each import of the package leads in the sources. */
function sourcesOfEntries(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>
  }
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, target]) =>
      typeof target === 'string'
        ? []
        : [[`restuary${name.slice(1)}`, [join(root, target.default.replace('./dist', 'src').replace(/\.js$/, '.ts'))]]],
    ),
  )
}

/** Writes the blocks of a page into a folder of its own. The server of a page is `server.ts`, which its other blocks may import. */
function writeBlocks({ path, blocks }: Page, folder: string, lines: Map<string, string>): void {
  const own = join(folder, path.replaceAll(/\W+/g, '-'))
  mkdirSync(own)
  for (const { language, text, given, line } of blocks) {
    // Programs of the client run with names of their own, in commands.test.ts.
    if (!/^tsx?\b/.test(language) || language === 'ts client') continue
    const [extension = '', name = `line-${line}`] = language.split(' ')
    const before = given === '' ? [] : given.trimEnd().split('\n')
    const file = join(own, `${name}.${extension}`)
    writeFileSync(file, `${[...before, text].join('\n')}\nexport {}\n`)
    for (let n = 0; n < text.split('\n').length; n++)
      lines.set(`${relative(folder, file)}(${before.length + n + 1}`, `${path}:${line + n}`)
  }
}

test('the code of the README and the guide compiles', async () => {
  const folder = mkdtempSync(join(import.meta.dirname, 'compiled-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const lines = new Map<string, string>()
  for (const page of [readPage('README.md'), ...pagesIn('docs/guide')]) writeBlocks(page, folder, lines)
  expect(lines.size).toBeGreaterThan(400)
  // Readers begin with the usual strictness, not with that of this repository.
  const compilerOptions = {
    paths: sourcesOfEntries(),
    jsx: 'react-jsx',
    declaration: false,
    isolatedDeclarations: false,
    noPropertyAccessFromIndexSignature: false,
    noUncheckedIndexedAccess: false,
  }
  const config = { extends: '../../../tsconfig.json', compilerOptions, include: ['.'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd: folder,
  }).catch((error: unknown) => error as { stdout: string })
  const said = stdout.replaceAll(/^(\S+?\(\d+),/gm, (_, place: string) => `${lines.get(place) ?? place} (`)
  expect(said.split('\n').filter(Boolean)).toEqual([])
})
