// Copies the documents of the repository into `pages`, as the site has them: README.md is the page of its folder, `docs/` is the root.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

const root = join(import.meta.dirname, '../..')
const target = join(import.meta.dirname, 'pages')

/** The documents of the site, by their paths in the repository. */
const documents = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter(file =>
    /^(?:docs\/.*|(?:examples|clients|bench|conformance)(?:\/[\w-]+)*\/README|ARCHITECTURE|CONTRIBUTING|CHANGELOG|SECURITY)\.md$/.test(
      file,
    ),
  )
const isThere = new Set(documents)

/** The path of a document in the site. */
export const sitePath = (file: string): string =>
  file.replace(/^docs\/(?:site\/)?/, '').replace(/(^|\/)README\.md$/, '$1index.md')

/** Links are written for the repository. Those to files that are not in the site stay as text. */
function withLinks(file: string, text: string): string {
  return text.replaceAll(/^```[^]*?^```$|(!?)\[([^\]]*)\]\(([^)\s]+)\)/gm, (whole, image, words, href) => {
    if (href === undefined || image === '!' || /^(?:[a-z]+:|#|\/)/.test(href as string)) return whole
    const [path = '', anchor] = (href as string).split('#')
    const found = posix.join(dirname(file), path)
    const page = [found, posix.join(found, 'README.md')].find(one => isThere.has(one))
    if (page === undefined) return words as string
    return `[${words}](/${sitePath(page)}${anchor === undefined ? '' : `#${anchor}`})`
  })
}

if (import.meta.main) {
  rmSync(target, { recursive: true, force: true })
  for (const file of documents) {
    const copy = join(target, sitePath(file))
    mkdirSync(dirname(copy), { recursive: true })
    const text = withLinks(file, readFileSync(join(root, file), 'utf8'))
    // Who searches wants to know how it is, not how it became so.
    const isPast = file === 'CHANGELOG.md' || file.startsWith('docs/decisions/')
    writeFileSync(copy, isPast ? `---\nsearch: false\n---\n\n${text}` : text)
  }
  mkdirSync(join(target, 'public'))
  copyFileSync(join(root, 'docs/kanban.png'), join(target, 'public/kanban.png'))
  copyFileSync(join(root, 'docs/studio.png'), join(target, 'studio.png'))
}
