// npm run studio: makes the program and the looks of the studio out of studio/, as text that is served.
// They are kept beside the sources, so that nothing has to be bundled when a server runs. A test compares them with the sources.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = new URL('../', import.meta.url)
const target = new URL('src/describe/studio/built.ts', root)

/** The program of the studio as one module. The client of the package stands before it on the page. */
export async function studioScript(): Promise<string> {
  const bundled = await rolldown({
    input: fileURLToPath(new URL('studio/main.tsx', root)),
    platform: 'browser',
    logLevel: 'warn',
    tsconfig: false,
    transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  })
  const { output } = await bundled.generate({ format: 'esm', minify: true, codeSplitting: false })
  await bundled.close()
  const [{ code }] = output
  // The program stands in a script element, which this would end.
  return notices() + code.replaceAll('</script', String.raw`<\/script`).replaceAll('<!--', String.raw`<\!--`)
}

/** What is built in, whose licences want to be passed on with it. */
const builtIn = ['preact', '@preact/signals', '@preact/signals-core', 'uplot', '@dagrejs/dagre', '@dagrejs/graphlib']

function notices(): string {
  const texts = builtIn.map(name => {
    const text = readFileSync(new URL(`node_modules/${name}/LICENSE`, root), 'utf8').trim()
    return `${name}\n${text}`
  })
  return `/*! This page contains:\n\n${texts.join('\n\n').replaceAll('*/', '* /')}\n*/\n`
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
  const parts = [
    ['studioProgram', 'The program of the studio.', await studioScript()],
    ['studioLooks', 'Its looks.', studioStyle()],
  ] as const
  const text = parts.map(
    ([name, docs, value]) => `\n/** ${docs} */\nexport const ${name}: string =\n  ${JSON.stringify(value)}\n`,
  )
  writeFileSync(
    target,
    `// Made by scripts/studio.ts out of studio/; change it there, and run npm run studio.\n${text.join('')}`,
  )
}
