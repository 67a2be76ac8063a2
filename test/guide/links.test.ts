// Every link of the documents leads to a file that is there, and to a heading that is there.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { guide, pagesIn, readPage, root } from './pages.ts'

/** All documents of the repository. */
const documents: readonly string[] = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter(path => existsSync(join(root, path)))

/** The anchors of a document, as GitHub makes them from its headings. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '')
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set(headings)
}

function faultOf(path: string, target: string): string | null {
  if (/^(?:https?|mailto):/.test(target)) return null
  const [file = '', anchor] = target.split('#')
  const found = file === '' ? path : normalize(join(dirname(path), file))
  if (!existsSync(join(root, found))) return `${path}: ${target} is not there`
  if (anchor === undefined || !statSync(join(root, found)).isFile()) return null
  return anchorsOf(readFileSync(join(root, found), 'utf8')).has(anchor)
    ? null
    : `${path}: ${target} has no such heading`
}

test('every link leads somewhere', () => {
  const faults = documents.flatMap(path => {
    const prose = readPage(path).text.replaceAll(/^```[^]*?^```$/gm, '')
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => faultOf(path, target!) ?? [])
  })
  expect(documents.length).toBeGreaterThan(30)
  expect(faults).toEqual([])
})

test('the first page of the guide leads to every page', () => {
  const index = readFileSync(join(guide, 'README.md'), 'utf8')
  const pages = pagesIn('docs/guide').map(({ path }) => path.slice('docs/guide/'.length))
  expect(pages.filter(name => name !== 'README.md' && !index.includes(`](${name})`))).toEqual([])
})

test('each of ten questions of newcomers is answered one click from the first page', () => {
  const index = readFileSync(join(guide, 'README.md'), 'utf8')
  const answers = [...index.matchAll(/^\| How do I (.*?)\? \| \[.*?\]\(([\w-]+\.md)(?:#[\w-]+)?\) \|$/gm)]
  const words = [
    'admin',
    '10,000 rows',
    'rename',
    'members',
    'nginx',
    'back up',
    'rules',
    'picture',
    'PostgreSQL',
    'Feathers',
  ]
  expect(answers.map(([, question]) => words.find(word => question!.includes(word)))).toEqual(words)
})
