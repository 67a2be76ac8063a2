// npm run browser: makes the texts that are served to browsers out of their TypeScript and CSS.
// They are kept as text beside the sources, so that nothing has to be found, compiled or bundled when a server runs.
import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

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
      sources: ['runtime', 'follow', 'methods'].map(name => `src/describe/client/browser/${name}.ts`),
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
      sources: [
        ...['browser/runtime', 'browser/follow', 'browser/methods', 'operations'].map(
          name => `src/describe/client/${name}.ts`,
        ),
        ...['element', 'sample', 'schema', 'form', 'live', 'operation', 'console', 'main'].map(
          name => `src/describe/page/browser/${name}.ts`,
        ),
      ],
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

/** The client of the package as one function: `restuary.client(…)`. */
export async function connectText(): Promise<string> {
  const input = fileURLToPath(new URL('src/client/client.ts', root))
  const bundled = await rolldown({ input, platform: 'browser', logLevel: 'warn' })
  const { output } = await bundled.generate({ format: 'iife', name: 'restuary', minify: true, codeSplitting: false })
  await bundled.close()
  return output[0].code
}

const made = '// Made by scripts/browser.ts'

if (import.meta.main) {
  writeFileSync(
    new URL('src/describe/client/connect.ts', root),
    `${made} out of src/client; change it there, and run npm run browser.\n\n/** The client that follows rows. */\nexport const connect: string =\n  ${JSON.stringify(await connectText())}\n`,
  )
  for (const target of Object.keys(targets)) {
    const parts = texts()
      .filter(one => one.target === target)
      .map(({ name, docs, text }) => `\n/** ${docs} */\nexport const ${name}: string =\n  ${JSON.stringify(text)}\n`)
    writeFileSync(new URL(target, root), `${made} out of browser/; change it there.\n${parts.join('')}`)
  }
}
