// Writes what the documents take from the sources: the pages of error codes and limits, and the help in the page of the command line.
// usage: npm run reference; a test says when they are out of date
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { helpOfAll } from '../src/cli/commands.ts'
import { issueMeanings, remedies } from '../src/describe/problems/remedies.ts'
import { codes, type Code } from '../src/protocol/codes.ts'
import { problemType } from '../src/protocol/error.ts'
import { defaultLimits } from '../src/protocol/limits.ts'

const root = join(import.meta.dirname, '..')

/** A paragraph in lines of at most 128 characters, as those that are written by hand. Code is not broken. */
function wrapped(text: string): string {
  const words = text.match(/(?:`[^`]*`|[^ `])+/g) ?? []
  return words.reduce((lines, word) => {
    const last = lines.length - lines.lastIndexOf('\n') - 1
    return lines + (last + word.length < 128 ? ' ' : '\n') + word
  })
}

function errorsPage(): string {
  const entries = (Object.keys(codes) as Code[]).map(code => {
    const { status, title } = codes[code]
    const { cause, remedy } = remedies[code]
    return `### ${code}\n\n${wrapped(`\`${status}\` **${title}.** ${cause}`)}\n\n${wrapped(`→ ${remedy}`)}\n`
  })
  return `# Error codes

If the server refuses a request, the answer is a [problem document](../protocol.md#6-errors), on every transport. Its \`error\` is one of
the codes below. In your programs, compare with the code and never with the texts. The \`type\` of a problem is a path of the server, such
as \`${problemType('validation')}\`: open it in a browser, and the server explains the code as this page does.

${entries.join('\n')}
## The code of one fault

Each entry in \`errors\` has a \`code\` of its own:

| code | meaning |
| --- | --- |
${Object.entries(issueMeanings)
  .map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  .join('\n')}
`
}

/** The limits with the comments that stand above them. A comment is for all limits up to the next one. */
function limitsPage(): string {
  const source = readFileSync(join(root, 'src/protocol/limits.ts'), 'utf8')
  const rows: string[] = []
  for (const [, comment, names] of source.matchAll(/^ {2}\/\*\*([^]*?)\*\/\n((?: {2}\w+: [\d_]+,\n)+)/gm)) {
    const text = comment!
      .replaceAll(/\n\s*\*/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim()
    const told = text.replaceAll(/→ (\w+)/g, (_, code: string) => `→ [${code}](errors.md#${code})`)
    for (const [, name] of names!.matchAll(/(\w+):/g)) {
      const value = defaultLimits[name as keyof typeof defaultLimits].toLocaleString('en')
      rows.push(`| \`${name}\` | ${value} | ${told} |`)
    }
  }
  if (rows.length !== Object.keys(defaultLimits).length) throw new Error('a limit has no comment')
  return `# Limits

Each size, depth and number of a request has a limit. \`api(…, { limits: { body: 5_000_000 } })\` sets other values.
[Limits and overload](../guide/limits.md) explains the ideas.

| limit | default | |
| --- | --: | --- |
${rows.join('\n')}
`
}

/** The page of the command line with the help as it is printed. The rest of the page is written by hand. */
function commandLinePage(): string {
  const page = readFileSync(join(root, 'docs/guide/cli.md'), 'utf8')
  return page.replace(/^\$ restuary help\n[^]*?^```$/m, () => `$ restuary help\n${helpOfAll()}\`\`\``)
}

/** The pages, by their path below the repository. */
export function referencePages(): Record<string, string> {
  return {
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/limits.md': limitsPage(),
    'docs/guide/cli.md': commandLinePage(),
  }
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(referencePages())) writeFileSync(join(root, path), text)
}
