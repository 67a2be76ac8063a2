// npm run browser: makes the texts that are served to browsers out of their TypeScript and CSS.
// They are kept as text beside the sources, so that nothing has to be found, compiled or bundled when a server runs.
import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

interface Text {
  readonly name: string
  readonly docs: string
  readonly sources: readonly string[]
}

const targets: Readonly<Record<string, readonly Text[]>> = {
  'src/describe/client/runtime.ts': [
    {
      name: 'runtime',
      docs: 'What every client is made of.',
      sources: ['src/describe/client/browser/runtime.ts', 'src/describe/client/browser/methods.ts'],
    },
  ],
  'src/dialects/restaction/res-runtime.ts': [
    {
      name: 'resRuntime',
      docs: "What restaction's client is made of, beside what every client is made of.",
      sources: ['src/dialects/restaction/browser/res.ts'],
    },
  ],
  'src/describe/page/assets.ts': [
    {
      name: 'script',
      docs: 'The program of the documentation page.',
      sources: ['element', 'schema', 'form', 'live', 'operation', 'main'].map(
        name => `src/describe/page/browser/${name}.ts`,
      ),
    },
    { name: 'style', docs: 'Its looks.', sources: ['src/describe/page/browser/style.css'] },
  ],
}

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** The sources as one script: types and imports of one another are taken away. */
function textOf(sources: readonly string[]): string {
  return sources
    .map(path => (path.endsWith('.ts') ? stripTypeScriptTypes(read(path)) : read(path)))
    .map(text =>
      text
        .replaceAll(/^import [^'"]*['"][^'"]+['"];?$/gm, '')
        .replaceAll(/^export (?=(async )?function|class|const)/gm, '')
        .replaceAll(/^\/\/.*$/gm, '')
        .replaceAll(/[ \t]+$/gm, '')
        .replaceAll(/\n{2,}/g, '\n')
        .trim(),
    )
    .join('\n')
}

/** The content of generated files, by file and name. A test compares the files with it. */
export function texts(): {
  readonly target: string
  readonly name: string
  readonly docs: string
  readonly text: string
}[] {
  return Object.entries(targets).flatMap(([target, all]) =>
    all.map(({ name, docs, sources }) => ({ target, name, docs, text: textOf(sources) })),
  )
}

if (import.meta.main) {
  for (const target of Object.keys(targets)) {
    const parts = texts()
      .filter(one => one.target === target)
      .map(({ name, docs, text }) => `\n/** ${docs} */\nexport const ${name}: string =\n  ${JSON.stringify(text)}\n`)
    writeFileSync(
      new URL(target, root),
      `// Made by scripts/browser.ts out of browser/; change it there.\n${parts.join('')}`,
    )
  }
}
