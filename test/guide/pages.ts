// The pages of the guide and their code blocks, for the tests that run, compile and check them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')
export const guide: string = join(root, 'docs/guide')

/** A block of code between fences. */
export interface Block {
  /** What stands behind the first fence: `ts server`. */
  readonly language: string
  readonly text: string
  /** What a comment (`<!-- … -->`) directly above the block declares for it: names that the reader need not see. */
  readonly given: string
  /** The number of its first line in the page. */
  readonly line: number
}

/** A page in Markdown. */
export interface Page {
  /** Its path below the repository: `docs/guide/files.md`. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

/** Reads a page by its path below the repository. */
export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  const found = [...text.matchAll(/^(?:<!--\n?([^]*?)-->\n)?```([^\n]*)\n([^]*?)^```$/gm)]
  const blocks = found.map(({ 0: whole, 1: given = '', 2: language, 3: code, index }) => ({
    language: language!,
    text: code!,
    given,
    line: text.slice(0, index + whole.indexOf('```' + language!)).split('\n').length + 1,
  }))
  return { path, text, blocks }
}

/** The pages in a folder, in the order of their names. */
export function pagesIn(folder: string): Page[] {
  return readdirSync(join(root, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => readPage(`${folder}/${name}`))
}

/** What a page says that a command prints: the block that begins with `$ ` and the command. */
export function printedIn({ blocks, path }: Page, command: string): string {
  const start = `$ ${command}\n`
  const found = blocks.find(({ text }) => text.startsWith(start))
  if (found === undefined) throw new Error(`${path} does not say what ${command} prints`)
  return found.text.slice(start.length)
}
