// The examples in the docstrings of public names compile. What they use is imported for them: names of the package, and those of docs/reference/given.ts.
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { compile, entries } from './compile.ts'
import { root } from './pages.ts'

interface Example {
  /** The file that has it. */
  readonly path: string
  readonly line: number
  readonly code: string
}

/** The public names of a module, as its source lists them. */
function namesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names]) => names!.split(','))
  const declared = [...text.matchAll(/^export (?:declare )?(?:async )?(?:function|const|class|interface|type) (\w+)/gm)]
  return [...listed.map(name => name.trim().replace(/^type /, '')), ...declared.map(([, name]) => name!)].filter(
    Boolean,
  )
}

const ofServer = new Map<string, string>()
const ofClient = new Map<string, string>()
for (const [name, file] of Object.entries(entries)) {
  const isOfClient = /client|react|tanstack/.test(name)
  for (const one of namesOf(file)) {
    const names = isOfClient ? ofClient : ofServer
    if (!names.has(one)) names.set(one, name)
  }
}
/** All examples of the sources that readers of the reference see. */
function allExamples(): Example[] {
  return globSync('src/**/*.{ts,tsx}', { cwd: root })
    .filter(path => !/\.test(?:-d)?\.ts$/.test(path))
    .toSorted()
    .flatMap(path => {
      const text = readFileSync(join(root, path), 'utf8')
      return [...text.matchAll(/^ *\/\*\*(?:[^*]|\*(?!\/))*\*\//gm)].flatMap(({ 0: comment, index }) => {
        const lines = comment
          .replace(/\*\/$/, '')
          .split('\n')
          .map(one => one.replace(/^ *\*? ?/, ''))
        const at = lines.indexOf('@example') + 1
        if (at === 0) return []
        const end = lines.findIndex((one, n) => n >= at && one.startsWith('@'))
        const code = lines.slice(at, end === -1 ? undefined : end).join('\n')
        const declared = /^\s*export (?:async )?(?:function|const|class|interface|type) (\w+)/.exec(
          text.slice(index + comment.length),
        )
        if (declared !== null && !ofServer.has(declared[1]!) && !ofClient.has(declared[1]!)) return []
        return [{ path, line: text.slice(0, index).split('\n').length + at, code }]
      })
    })
}

const given = namesOf(join(root, 'docs/reference/given.ts'))
const others: Readonly<Record<string, string>> = {
  z: 'zod',
  createCollection: '@tanstack/db',
  createServer: 'node:http',
  openAsBlob: 'node:fs',
  expect: 'vitest',
}

/** An example as a module, with imports of what it does not declare. */
function moduleOf({ path, code }: Example): string {
  const bare = code.replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''").replaceAll(/\/\/.*$/gm, '')
  const used = new Set([...bare.matchAll(/(?<![\w$]|(?<!\.\.)\.)[A-Za-z_$][\w$]*/g)].map(([name]) => name))
  const declared = [
    ...bare.matchAll(/\b(?:const|let|function|class|interface|type) (\w+)/g),
    ...bare.matchAll(/import (?:type )?\{ (\w+) \}/g),
  ].map(([, name]) => name!)
  const destructured = [...bare.matchAll(/\bconst [{[]([^=]*?)[}\]] =/g)].flatMap(
    ([, names]) => names!.match(/\w+/g) ?? [],
  )
  for (const name of [...declared, ...destructured]) used.delete(name)
  const isOfClient = path.startsWith('src/client/')
  const names = isOfClient ? ofClient : ofServer
  const imports: string[] = []
  const isPlain = /\bapi\(\{ (?:todo|list)\b/.test(code)
  for (const name of used) {
    if (isOfClient && name === 'api')
      imports.push(`import { clientOfApp as api } from '../../../docs/reference/given.ts'`)
    else if (name === 'useQuery' && path.includes('tanstack'))
      imports.push('declare const useQuery: <R>(options: { queryFn: () => Promise<R> }) => { data: R | undefined }')
    else if (isPlain && (name === 'todo' || name === 'list'))
      imports.push(
        `import { plain${name === 'todo' ? 'Todo' : 'List'} as ${name} } from '../../../docs/reference/given.ts'`,
      )
    else if (given.includes(name)) imports.push(`import { ${name} } from '../../../docs/reference/given.ts'`)
    else if (names.has(name)) imports.push(`import { ${name} } from '${names.get(name)!}'`)
    else if (name in others) imports.push(`import { ${name} } from '${others[name]!}'`)
  }
  return `${imports.join('; ')}; export {}\n${code.replace("'./server.ts'", "'../../../docs/reference/given.ts'")}\n`
}

test('the examples of the reference compile', async () => {
  const folder = mkdtempSync(join(import.meta.dirname, 'compiled-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const examples = allExamples()
  expect(examples.length).toBeGreaterThan(120)
  const places = examples.map((example, n) => {
    const file = `example-${n}.${/<\w+[^>]*>[^<]*<\//.test(example.code) ? 'tsx' : 'ts'}`
    writeFileSync(join(folder, file), moduleOf(example))
    return [file, example] as const
  })
  const byFile = new Map(places)
  // Two examples declare types for the whole program, which the sources do not fit. Only faults of examples count.
  const faults = (await compile(folder, { verbatimModuleSyntax: false })).filter(fault =>
    /^example-|given\.ts\(/.test(fault),
  )
  expect(
    faults.map(fault =>
      fault.replace(/^(\S+?)\((\d+),\d+\)/, (whole, file: string, line: string) => {
        const example = byFile.get(relative('.', file))
        return example === undefined ? whole : `${example.path}:${example.line + Number(line) - 2}`
      }),
    ),
  ).toEqual([])
})
