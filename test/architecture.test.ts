// Holds the sources to the house rules about files and imports (CONTRIBUTING.md, "The tree").
import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAst } from 'vitest/node'

/** A file imports from its own or a lower layer only. Names are the entries directly below `src/`. */
const LAYERS: Record<string, number> = {
  protocol: 0,
  schema: 1,
  query: 2,
  model: 3,
  store: 4,
  auth: 4,
  engine: 5,
  live: 6,
  transport: 7,
  describe: 7,
  client: 8, // of the server it imports types, and what is pure and runs in a browser
  dialects: 8,
  'api.ts': 9,
  'api-options.ts': 9,
  'api-documents.ts': 9,
  'api-files.ts': 9,
  'operations.ts': 9,
  'live-operation.ts': 9,
  'api-dialects.ts': 9,
  'link-declarations.ts': 9,
  'assemble-engine.ts': 9,
  'environment.ts': 9,
  'check-start.ts': 9,
  'inspect.ts': 9,
  'start-up.ts': 9,
  'serve.ts': 9,
  'node-version.ts': 9,
  'index.ts': 9,
  cli: 9,
  testing: 10, // may import everything; nothing else imports it
}

/** Areas in which types count as well: no file of them can be understood only together with one that imports it. */
const ACYCLIC: ReadonlySet<string> = new Set(['engine'])

/** The one file that knows which dialects there are, so that each could be taken away; options name their types. */
const ROOT = ['api-dialects.ts', 'api-options.ts']

const MAX_LINES = 300

/** A folder is read at one glance. Tests do not count. */
const MAX_FILES = 16
/** A registry: one file per field type, which all look alike. */
const REGISTRIES: ReadonlySet<string> = new Set(['src/schema/field-types'])

/** Names that two files may export: `Row` is a row as users see it, and within the product a row as it is stored. */
const SHARED_NAMES: ReadonlySet<string> = new Set(['Row'])
/** Sources of the server that run in browsers: they are pure, small, and import nothing that is not. */
const CLIENT_MAY_LOAD: ReadonlySet<string> = new Set(['src/query/order.ts', 'src/schema/compare.ts'])
const DRAWER = /^(utils?|helpers?|common)$/

interface Import {
  specifier: string
  isType: boolean
}

interface Source {
  path: string // from the project root: src/query/predicate.ts
  lines: number
  imports: Import[]
  exports: string[]
}

/** Finds every static import, re-export, `import()` and `import('…')` type; text inside strings is not an import. */
function importsOf(code: string, lang: 'ts' | 'tsx' = 'ts'): Import[] {
  const found: Import[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (typeof value !== 'object' || value === null) return
    const node = value as Record<string, any>
    const specifier: unknown = node['source']?.value
    switch (node['type']) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
      case 'ImportExpression':
      case 'TSImportType':
        if (typeof specifier === 'string') found.push({ specifier, isType: isTypeOnly(node) })
    }
    Object.values(node).forEach(walk)
  }
  walk(parseAst(code, { lang }))
  return found
}

function isTypeOnly(node: Record<string, any>): boolean {
  if (node['type'] === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type') return true
  const names: Record<string, unknown>[] = node['specifiers'] ?? []
  return names.length > 0 && names.every(name => name['importKind'] === 'type' || name['exportKind'] === 'type')
}

/** The names that a file declares and exports. Re-exports do not count. */
function exportsOf(code: string, lang: 'ts' | 'tsx'): string[] {
  const { body } = parseAst(code, { lang }) as unknown as { body: Record<string, any>[] }
  return body.flatMap(node => {
    if (node['type'] !== 'ExportNamedDeclaration' || !node['declaration']) return []
    const declared: Record<string, any>[] = node['declaration'].declarations ?? [node['declaration']]
    return declared.flatMap(one => (typeof one['id']?.name === 'string' ? [one['id'].name as string] : []))
  })
}

const source = (path: string, code: string): Source => {
  const lang = path.endsWith('x') ? 'tsx' : 'ts'
  return {
    path,
    lines: code.replace(/\n$/, '').split('\n').length,
    imports: importsOf(code, lang),
    exports: [...new Set(exportsOf(code, lang))],
  }
}

const folderOf = (path: string): string => posix.dirname(path)

/** `src/query/predicate.ts` → `query`; `src/api.ts` → `api.ts`. */
const areaOf = (path: string): string => path.split('/')[1]!

/** `src/dialects/channels/face.ts` → `channels`. */
const dialectOf = (path: string): string => path.split('/')[2]!

const isRelative = (specifier: string): boolean => specifier.startsWith('.')

const targetOf = (from: Source, specifier: string): string => posix.join(posix.dirname(from.path), specifier)

/** `@scope/name/sub` → `@scope/name`. undefined = it is a module of Node. */
function libraryOf(specifier: string): string | undefined {
  if (isRelative(specifier) || specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function layerFaults(sources: Source[]): string[] {
  const known = new Set(sources.map(file => file.path))
  return sources.flatMap(file => {
    const area = areaOf(file.path)
    const layer = LAYERS[area]
    if (layer === undefined) {
      return [
        `${file.path}: "${area}" has no layer. Move the file to an area of LAYERS, or give the new area a layer there.`,
      ]
    }
    return file.imports.flatMap(({ specifier }) => {
      if (!isRelative(specifier)) return []
      const target = targetOf(file, specifier)
      const to = areaOf(target)
      const where = `${file.path} imports ${specifier}`
      if (!target.startsWith('src/'))
        return [`${where}: that is outside src, so it is not published. Move it into src.`]
      if (/\.tsx?$/.test(target) ? !known.has(target) : !target.endsWith('.json')) {
        return [`${where}: no such source file. Write the whole file name, with .ts: Node runs the sources unbuilt.`]
      }
      if (area === 'dialects' && to === area && dialectOf(target) !== dialectOf(file.path))
        return [`${where}: that is another dialect. Let the core offer what both need.`]
      if (area === to) return []
      if (to === 'dialects' && area !== 'testing' && !ROOT.includes(area)) {
        return [
          `${where}: only ${ROOT.join(', ')} import dialects. Let the core offer what the dialect needs, and the dialect use it.`,
        ]
      }
      if (to === 'testing')
        return [`${where}: only tests import testing. Move what the product needs into its own area.`]
      if ((LAYERS[to] ?? Infinity) > layer) {
        return [
          `${where}: that is upward (${area} is layer ${layer}, ${to} is ${LAYERS[to] ?? 'none'}). ` +
            `Let ${area} declare what it needs as a type and take it as an argument, or move the shared part down.`,
        ]
      }
      return []
    })
  })
}

/** Cycles of files (imports that run; in some areas types as well) and of areas (types as well: two areas that know each other are one area). */
function cycleFaults(sources: Source[]): string[] {
  const files = new Map<string, Set<string>>()
  const areas = new Map<string, Set<string>>()
  for (const file of sources) {
    const relative = file.imports.filter(({ specifier }) => isRelative(specifier))
    const area = areaOf(file.path)
    const counted = relative.filter(one => !one.isType || ACYCLIC.has(area))
    files.set(file.path, new Set(counted.map(one => targetOf(file, one.specifier))))
    const to = relative.map(one => areaOf(targetOf(file, one.specifier))).filter(other => other !== area)
    areas.set(area, new Set([...(areas.get(area) ?? []), ...to]))
  }
  return [
    ...cyclesIn(files).map(
      cycle => `${cycle.join(' → ')}: a cycle of files. Move what both need into a third file below them.`,
    ),
    ...cyclesIn(areas).map(cycle => `${cycle.join(' → ')}: a cycle of areas. Move what both need down, or merge them.`),
  ]
}

/** Cycles of files in different folders, types included. Within one folder, two types may define each other. */
function folderCycleFaults(sources: Source[]): string[] {
  const graph = new Map<string, string[]>()
  for (const file of sources)
    graph.set(
      file.path,
      file.imports.filter(one => isRelative(one.specifier)).map(one => targetOf(file, one.specifier)),
    )
  return sources.flatMap(({ path }) =>
    graph
      .get(path)!
      .filter(to => folderOf(to) !== folderOf(path))
      .flatMap(to => {
        const back = wayBack(graph, to, path)
        return back === null
          ? []
          : [
              `${[path, ...back].join(' → ')}: a cycle through two folders. Move the types that need each other into one folder.`,
            ]
      }),
  )
}

/** The files from one to another along imports; null if none lead there. */
function wayBack(graph: ReadonlyMap<string, readonly string[]>, from: string, to: string): string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]])
  for (const file of cameFrom.keys()) {
    if (file === to) {
      const way: string[] = []
      for (let at: string | null = file; at !== null; at = cameFrom.get(at) ?? null) way.unshift(at)
      return way
    }
    for (const next of graph.get(file) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, file)
  }
  return null
}

/** Folders with more files than one can take in. */
function folderFaults(sources: Source[]): string[] {
  const folders = Map.groupBy(sources, file => folderOf(file.path))
  return [...folders]
    .filter(([folder, files]) => files.length > MAX_FILES && !REGISTRIES.has(folder))
    .map(
      ([folder, files]) => `${folder} has ${files.length} files, the limit is ${MAX_FILES}. Divide it by what they do.`,
    )
}

/**
 * A name that two files export means two things, or one thing twice. The client is another program: its `Problem` is what
 * the server's `Problem` has become on the other side.
 */
function nameFaults(sources: Source[]): string[] {
  const { client = [], server = [] } = Object.groupBy(sources, ({ path }) =>
    areaOf(path) === 'client' ? 'client' : 'server',
  )
  return [client, server].flatMap(program => {
    const exporters = new Map<string, string[]>()
    for (const { path, exports } of program)
      for (const name of exports) exporters.set(name, [...(exporters.get(name) ?? []), path])
    return [...exporters]
      .filter(([name, paths]) => paths.length > 1 && !SHARED_NAMES.has(name))
      .map(([name, paths]) => `"${name}" is exported by ${paths.join(' and ')}. Name each after what it is.`)
  })
}

/** Imports of the client that exist at run time and leave it: they are what browsers load of the server's sources. */
function clientFaults(sources: Source[]): string[] {
  return sources
    .filter(({ path }) => areaOf(path) === 'client')
    .flatMap(file =>
      file.imports
        .filter(({ specifier, isType }) => !isType && isRelative(specifier))
        .map(({ specifier }) => targetOf(file, specifier))
        .filter(target => areaOf(target) !== 'client' && !CLIENT_MAY_LOAD.has(target))
        .map(
          target => `${file.path} loads ${target} in browsers. Import its types alone, or add it to CLIENT_MAY_LOAD.`,
        ),
    )
}

function cyclesIn(graph: Map<string, Set<string>>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (name: string, path: string[]): void => {
    const start = path.indexOf(name)
    if (start >= 0) cycles.push([...path.slice(start), name])
    if (start >= 0 || done.has(name)) return
    for (const next of graph.get(name) ?? []) visit(next, [...path, name])
    done.add(name)
  }
  for (const name of graph.keys()) visit(name, [])
  return cycles
}

function libraryFaults(sources: Source[]): string[] {
  const importers = new Map<string, Set<string>>()
  for (const file of sources) {
    if (areaOf(file.path) === 'testing') continue
    for (const { specifier } of file.imports) {
      const library = libraryOf(specifier)
      if (library === undefined) continue
      importers.set(library, (importers.get(library) ?? new Set()).add(file.path))
    }
  }
  return [...importers]
    .filter(([, paths]) => paths.size > 1)
    .map(
      ([library, paths]) =>
        `"${library}" is imported by ${[...paths].join(' and ')}. Keep one of them and export from it what the others need.`,
    )
}

function fileFaults(sources: Source[]): string[] {
  return sources.flatMap(({ path, lines }) => {
    const faults: string[] = []
    if (lines > MAX_LINES) {
      faults.push(
        `${path} has ${lines} lines, the limit is ${MAX_LINES}. Find its second reason to change, and move that out.`,
      )
    }
    if (path.split('/').some(part => DRAWER.test(part.replace(/\.tsx?$/, '')))) {
      faults.push(`${path} is named like a drawer. Name it after the noun or verb that it exports.`)
    }
    return faults
  })
}

/** The sources below a folder, their tests left out. */
const sourcesIn = (folder: string): Source[] =>
  globSync(`${folder}/**/*.{ts,tsx}`, { cwd: new URL('..', import.meta.url) })
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => !/\.(test|test-d)\.tsx?$/.test(path))
    .toSorted()
    .map(path => source(path, readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')))

describe('the sources', () => {
  const sources = sourcesIn('src')

  test('there are some', () => expect(sources.length).toBeGreaterThan(0))
  test('imports point down', () => expect(layerFaults(sources)).toEqual([]))
  test('nothing goes in a circle', () => expect(cycleFaults(sources)).toEqual([]))
  test('no cycle leads through two folders', () => expect(folderCycleFaults(sources)).toEqual([]))
  test('one library, one file', () => expect(libraryFaults(sources)).toEqual([]))
  test('the client loads little of the server', () => expect(clientFaults(sources)).toEqual([]))
  test('one name, one meaning', () => expect(nameFaults(sources)).toEqual([]))
  test('folders are small', () => expect(folderFaults(sources)).toEqual([]))
  test('files are short and well named', () => expect(fileFaults(sources)).toEqual([]))
})

describe('the studio', () => {
  const sources = sourcesIn('studio')

  test('there is one', () => expect(sources.length).toBeGreaterThan(0))
  test('folders are small', () => expect(folderFaults(sources)).toEqual([]))
  test('files are short and well named', () => expect(fileFaults(sources)).toEqual([]))
})

describe('the conformance runner', () => {
  const sources = sourcesIn('conformance')

  test('there is one', () => expect(sources.length).toBeGreaterThan(0))
  test('files are short and well named', () => expect(fileFaults(sources)).toEqual([]))
})

/** Words of dialects. Readers of the core need not know them. */
const DIALECT_WORDS = /restaction|blargh|flask|SocketAPI|channels-?api|dcrf|django|\bdrf\b|envelope/i

const isCore = (path: string): boolean => !['dialects', 'testing', ...ROOT].includes(areaOf(path))

const wordFaults = (path: string, text: string): string[] =>
  text.split('\n').flatMap((line, n) => {
    const word = DIALECT_WORDS.exec(line.replaceAll('SocketApi', ''))?.[0]
    return word === undefined
      ? []
      : [`${path}:${n + 1} speaks of a dialect ("${word}"). Say what the core does, or move it to src/dialects.`]
  })

test('the core does not speak of dialects', () => {
  const root = new URL('..', import.meta.url)
  // The console of the studio sends messages of every dialect.
  const isOwn = (path: string): boolean => path !== 'src/describe/studio/built.ts' && !path.includes('.test')
  const paths = globSync('src/**/*.ts', { cwd: root }).filter(path => isOwn(path) && isCore(path))
  expect(paths.length).toBeGreaterThan(100)
  expect(paths.flatMap(path => wordFaults(path, readFileSync(new URL(path, root), 'utf8')))).toEqual([])
})

/** Citations of documents that readers of the repository do not have: `DECISIONS B12`, `DESIGN §2.3`, `spec: blargh §1`. */
const UNREADABLE = /\b(?:DECISIONS|DESIGN)\b|\bspec:? (?:[\w-]+ )?§|\(spec:/

const citationFaults = (path: string, text: string): string[] =>
  text.split('\n').flatMap((line, n) => {
    const cited = UNREADABLE.exec(line)?.[0]
    return cited === undefined
      ? []
      : [
          `${path}:${n + 1} cites a document outside the repository ("${cited}"). Give the reason in words, or cite an RFC, ` +
            `docs/protocol.md or a record of docs/decisions.`,
        ]
  })

test('documents and comments cite nothing that is not in the repository', () => {
  const root = new URL('..', import.meta.url)
  const paths = globSync(['*.md', '{src,test,conformance,bench,scripts,examples,docs}/**/*.{ts,js,mjs,md}'], {
    cwd: root,
    exclude: ['**/node_modules', 'test/architecture.test.ts', 'bench/results'],
  })
  expect(paths.length).toBeGreaterThan(100)
  expect(paths.flatMap(path => citationFaults(path, readFileSync(new URL(path, root), 'utf8')))).toEqual([])
})

describe('these checks', () => {
  const tree = (files: Record<string, string>): Source[] =>
    Object.entries(files).map(([path, code]) => source(path, code))

  test('every way to import is seen, and text is not', () => {
    const code = `
      import a, { type B } from './1.ts'
      import type { C } from './2.ts'
      import { type D } from './3.ts'
      export { e } from './4.ts'
      export * from './5.ts'
      import './6.ts'
      type F = import('./7.ts').F
      const g = await import('./8.ts')
      const text = "import x from './no.ts'" + \`export * from './no.ts'\` // import './no.ts'
      export const h = 1`
    expect(importsOf(code).map(one => one.specifier + (one.isType ? ' type' : ''))).toEqual([
      './1.ts',
      './2.ts type',
      './3.ts type',
      './4.ts',
      './5.ts',
      './6.ts',
      './7.ts type',
      './8.ts',
    ])
  })

  test.each([
    ['upward', { 'src/query/a.ts': `import '../engine/b.ts'`, 'src/engine/b.ts': '' }, 'upward (query is layer 2'],
    ['upward, type', { 'src/query/a.ts': `import type {B} from '../model/b.ts'`, 'src/model/b.ts': '' }, 'upward'],
    ['no layer', { 'src/shop/a.ts': '' }, '"shop" has no layer'],
    ['dialect', { 'src/cli/a.ts': `import '../dialects/x/b.ts'`, 'src/dialects/x/b.ts': '' }, 'import dialects'],
    [
      'two dialects',
      { 'src/dialects/x/a.ts': `import '../y/b.ts'`, 'src/dialects/y/b.ts': '' },
      'that is another dialect',
    ],
    ['testing', { 'src/cli/a.ts': `import '../testing/b.ts'`, 'src/testing/b.ts': '' }, 'only tests import testing'],
    ['extension', { 'src/query/a.ts': `import './b'`, 'src/query/b.ts': '' }, 'with .ts'],
    ['.js for .ts', { 'src/query/a.ts': `import './b.js'`, 'src/query/b.ts': '' }, 'with .ts'],
    ['outside', { 'src/query/a.ts': `import '../../test/b.ts'` }, 'outside src'],
  ])('a layer fault is found: %s', (_, files, message) => {
    expect(layerFaults(tree(files as Record<string, string>))).toEqual([expect.stringContaining(message)])
  })

  test('a downward import, and one from testing, is allowed', () => {
    const files = tree({
      'src/engine/a.ts': `import '../store/b.ts'`,
      'src/store/b.ts': `import '../protocol/c.ts'`,
      'src/protocol/c.ts': '',
      'src/testing/d.ts': `import '../engine/a.ts'`,
      'src/dialects/e/f.ts': `import '../../engine/a.ts'`,
      'src/api-dialects.ts': `import './dialects/e/f.ts'`,
    })
    expect(layerFaults(files)).toEqual([])
    expect(cycleFaults(files)).toEqual([])
  })

  test('a cycle of files is found; a cycle of types within an area is allowed', () => {
    const files = (kind: string) =>
      tree({ 'src/query/a.ts': `import ${kind} {B} from './b.ts'`, 'src/query/b.ts': `import {A} from './a.ts'` })
    expect(cycleFaults(files(''))).toEqual([
      expect.stringContaining('src/query/a.ts → src/query/b.ts → src/query/a.ts'),
    ])
    expect(cycleFaults(files('type'))).toEqual([])
  })

  test('a cycle of types within the engine is found', () => {
    const files = tree({
      'src/engine/a.ts': `import type {B} from './b.ts'`,
      'src/engine/b.ts': `import type {A} from './a.ts'`,
    })
    expect(cycleFaults(files)).toEqual([expect.stringContaining('src/engine/a.ts → src/engine/b.ts → src/engine/a.ts')])
  })

  test('a cycle of types through two folders is found; one within a folder is none', () => {
    const cycle = (folder: string) =>
      tree({
        'src/query/a.ts': `import type {B} from './${folder}b.ts'`,
        [`src/query/${folder}b.ts`]: `import type {A} from '${folder === '' ? './' : '../'}a.ts'`,
      })
    expect(folderCycleFaults(cycle('c/'))).toEqual([
      expect.stringContaining('src/query/a.ts → src/query/c/b.ts → src/query/a.ts'),
      expect.stringContaining('src/query/c/b.ts → src/query/a.ts → src/query/c/b.ts'),
    ])
    expect(folderCycleFaults(cycle(''))).toEqual([])
  })

  test('a name that two files export is found; a re-export is none', () => {
    const files = tree({
      'src/query/a.ts': 'export interface Place {}',
      'src/query/b.ts': 'export const Place = 1, other = 2',
      'src/query/c.ts': `export { other } from './b.ts'\nexport type Row = 1`,
      'src/query/d.ts': 'export type Row = 2',
    })
    expect(nameFaults(files)).toEqual([
      expect.stringContaining('"Place" is exported by src/query/a.ts and src/query/b.ts'),
    ])
  })

  test('a folder of too many files is found, a registry is none', () => {
    const files = (folder: string) =>
      tree(Object.fromEntries([...Array(17).keys()].map(n => [`${folder}/${n}.ts`, ''])))
    expect(folderFaults(files('src/query'))).toEqual([expect.stringContaining('src/query has 17 files')])
    expect(folderFaults(files('src/schema/field-types'))).toEqual([])
  })

  test('a cycle of areas is found, even of types', () => {
    const files = tree({
      'src/store/a.ts': `import type {B} from '../auth/b.ts'`,
      'src/auth/b.ts': `import type {C} from '../store/c.ts'`,
      'src/store/c.ts': '',
    })
    expect(cycleFaults(files)).toEqual([expect.stringContaining('store → auth → store')])
  })

  test("a library imported by a second file is found; Node's own modules are allowed", () => {
    const code = `import { x } from '@scope/lib/sub'; import fs from 'node:fs'; import os from 'os'`
    expect(libraryFaults(tree({ 'src/query/a.ts': code, 'src/query/b.ts': code }))).toEqual([
      expect.stringContaining('"@scope/lib" is imported by src/query/a.ts and src/query/b.ts'),
    ])
  })

  test.each(['// as before (DECISIONS B12)', '* DESIGN §2.9: open by omission', '(spec: blargh §1.2)', '(spec §2.4)'])(
    'a citation that nobody can follow is found: %s',
    line => {
      expect(citationFaults('src/a.ts', `\n${line}`)).toEqual([expect.stringContaining('src/a.ts:2 cites')])
    },
  )

  test('RFCs, the protocol and decisions may be cited', () => {
    const text = '(RFC 9110 §5.6.7)\n(protocol §3.5)\ndocs/decisions/007, as the specification says'
    expect(citationFaults('src/a.ts', text)).toEqual([])
  })

  test('long files and drawers are found', () => {
    const faults = fileFaults(
      tree({ 'src/query/a.ts': '\n'.repeat(301), 'src/helpers/b.ts': '', 'src/query/utils.ts': '' }),
    )
    expect(faults).toEqual([
      expect.stringContaining('301 lines'),
      expect.stringContaining('src/helpers/b.ts is named like a drawer'),
      expect.stringContaining('src/query/utils.ts is named like a drawer'),
    ])
    expect(fileFaults(tree({ 'src/query/a.ts': '\n'.repeat(300) }))).toEqual([])
  })
})
