// npm run studio: makes the program and the looks of the studio out of studio/, as text that is served.
// They are kept beside the sources, so that nothing has to be bundled when a server runs. A test compares them with the sources.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = new URL('../', import.meta.url)
const target = (name: string): URL => new URL(`src/describe/studio/${name}`, root)

/** The program of the studio as one module. The client of the package stands before it on the page. */
export async function studioScript(): Promise<string> {
  const code = await bundled('studio/main.tsx')
  // The program stands in a script element, which this would end.
  return notices(pageParts) + code.replaceAll('</script', String.raw`<\/script`).replaceAll('<!--', String.raw`<\!--`)
}

/** The editor for code, which the page loads when somebody edits some. */
export async function studioEditor(): Promise<string> {
  return notices(editorParts) + (await bundled('studio/editor/main.ts'))
}

async function bundled(input: string): Promise<string> {
  const made = await rolldown({
    input: fileURLToPath(new URL(input, root)),
    platform: 'browser',
    logLevel: 'warn',
    tsconfig: false,
    transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  })
  const { output } = await made.generate({ format: 'esm', minify: true, codeSplitting: false })
  await made.close()
  return output[0].code
}

/** What is built in, whose licences want to be passed on with it. */
const pageParts = ['preact', '@preact/signals', '@preact/signals-core', 'uplot', '@dagrejs/dagre', '@dagrejs/graphlib']
const editorParts = [
  ...['commands', 'lang-json', 'language', 'state', 'view'].map(name => `@codemirror/${name}`),
  ...['common', 'highlight', 'json', 'lr'].map(name => `@lezer/${name}`),
  '@marijn/find-cluster-break',
  'crelt',
  'style-mod',
  'w3c-keyname',
]

function notices(parts: readonly string[]): string {
  const texts = parts.map(name => {
    const text = readFileSync(new URL(`node_modules/${name}/LICENSE`, root), 'utf8').trim()
    return `${name}\n${text}`
  })
  return `/*! This contains:\n\n${texts.join('\n\n').replaceAll('*/', '* /')}\n*/\n`
}

/** Its looks: those of the chart, and our own in the order of their names. */
export function studioStyle(): string {
  const own = globSync('studio/style/*.css', { cwd: fileURLToPath(root) }).toSorted()
  return ['node_modules/uplot/dist/uPlot.min.css', ...own]
    .map(path => readFileSync(new URL(path.replaceAll('\\', '/'), root), 'utf8'))
    .map(text =>
      text
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .replaceAll(/\s*\n\s*/g, '\n')
        .trim(),
    )
    .join('\n')
}

if (import.meta.main) {
  write('built.ts', [
    ['studioProgram', 'The program of the studio.', await studioScript()],
    ['studioLooks', 'Its looks.', studioStyle()],
  ])
  write('built-editor.ts', [['studioEditor', 'The editor for code of the studio.', await studioEditor()]])
}

function write(name: string, parts: readonly (readonly [name: string, docs: string, value: string])[]): void {
  const text = parts.map(
    ([constant, docs, value]) => `\n/** ${docs} */\nexport const ${constant}: string =\n  ${JSON.stringify(value)}\n`,
  )
  writeFileSync(
    target(name),
    `// Made by scripts/studio.ts out of studio/; change it there, and run npm run studio.\n${text.join('')}`,
  )
}
