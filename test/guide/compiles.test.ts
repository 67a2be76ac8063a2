// Every block of TypeScript in the README and the guide compiles, as it would in the reader's project.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { compile } from './compile.ts'
import { pagesIn, readPage, type Page } from './pages.ts'

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
  const faults = await compile(folder)
  expect(
    faults.map(fault => fault.replace(/^(\S+?\(\d+),/, (_, place: string) => `${lines.get(place) ?? place} (`)),
  ).toEqual([])
})
