// node scripts/figures.ts [--list] [--root=folder] [--in=src]: figures that say how easy sources are to read: sizes, parameters,
// `!`, comments, names, cycles of folders. With another root, the same of another project, for a comparison.
import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseAst } from 'vitest/node'

const MAX_PARAMETERS = 4
const LONG = 60
const TEST = /\.(test|test-d|spec|spec-d)\.tsx?$|(^|\/)(test|tests|__tests__)\//

type Node = Record<string, any> // oxlint-disable-line typescript/no-explicit-any -- the syntax tree has no types

const option = (name: string): string | undefined =>
  process.argv.find(one => one.startsWith(`--${name}=`))?.slice(name.length + 3)
const given = option('root')
const root = given === undefined ? new URL('..', import.meta.url) : pathToFileURL(`${resolve(given)}/`)
const list = process.argv.includes('--list')
const below = (pattern: string): string[] =>
  globSync(`${pattern}/**/*.{ts,tsx}`, {
    cwd: root,
    exclude: name => name === 'node_modules' || name.endsWith('.d.ts'),
  })
const paths = below(option('in') ?? 'src')
  .filter(path => !TEST.test(path))
  .toSorted()
const linesOf = (code: string): number => code.split('\n').length - 1
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const tested = below('.').filter(path => TEST.test(path))
const testLines = tested.reduce((sum, path) => sum + linesOf(read(path)), 0)
const sizes: number[] = []
const lengths: number[] = []
const parameters: number[] = []
let comments = 0
let blank = 0

const exporters = new Map<string, Set<string>>()
const edges = new Map<string, Set<string>>()
const many: string[] = []
const long: string[] = []
const asserting = new Map<string, number>()
let lines = 0

for (const path of paths) {
  const code = read(path)
  const own = linesOf(code)
  lines += own
  sizes.push(own)
  count(code)
  const lineOf = (offset: number): number => code.slice(0, offset).split('\n').length
  walk(parseAst(code, { lang: path.endsWith('x') ? 'tsx' : 'ts' }), '', (node, name) => {
    const where = `${path}:${lineOf(node['start'])} ${name}`
    if (isFunction(node)) {
      const takes = parametersOf(node)
      if (node['type'] !== 'TSDeclareFunction') parameters.push(takes)
      if (takes > MAX_PARAMETERS) many.push(`${where} (${takes})`)
      const length = lineOf(node['end']) - lineOf(node['start']) + 1
      if (node['type'] !== 'TSDeclareFunction') lengths.push(length)
      if (length > LONG) long.push(`${where} (${length} lines)`)
    }
    if (node['type'] === 'TSNonNullExpression') asserting.set(path, (asserting.get(path) ?? 0) + 1)
    if (node['type'] === 'ExportNamedDeclaration' && node['declaration'])
      for (const one of namesOf(node['declaration'])) add(exporters, one, path)
    const specifier: unknown = node['source']?.value
    if (typeof specifier === 'string' && specifier.startsWith('.'))
      add(edges, path, posix.join(posix.dirname(path), specifier))
  })
}

const twice = [...exporters].filter(([, files]) => files.size > 1)
const asserts = [...asserting.values()].reduce((sum, one) => sum + one, 0)
const tangled = tangles()
const folders = Map.groupBy(paths, path => posix.dirname(path))
const wide = [...folders]
  .filter(([, files]) => files.length > 16)
  .map(([folder, files]) => `${folder} (${files.length})`)

tell(`${paths.length} files, ${lines} lines; median ${median(sizes)}, longest ${Math.max(...sizes)}`, [])
tell(`${lengths.length} functions; median ${median(lengths)} lines, longest ${Math.max(...lengths)}`, [])
tell(
  `${many.length} functions with more than ${MAX_PARAMETERS} parameters, ${per(many.length, parameters.length, 1000)} per 1,000`,
  many,
)
tell(`${per(comments, lines - comments - blank, 100)} lines of comments per 100 lines of code`, [])
tell(`${per(testLines, testLines + lines, 100)} % of all lines are tests`, [])
tell(`${long.length} functions of more than ${LONG} lines`, long)
tell(
  `${asserts} non-null assertions, ${per(asserts, lines, 1000)} per 1,000 lines`,
  [...asserting].toSorted((a, b) => b[1] - a[1]).map(([path, n]) => `${n} ${path}`),
)
tell(
  `${twice.length} names exported from two or more files`,
  twice.map(([name, files]) => `${name}: ${[...files].join(' ')}`),
)
tell(
  `${tangled.length} cycles of files, types included, ${tangled.filter(one => one.startsWith('ACROSS')).length} of them across folders`,
  tangled,
)
tell(`${wide.length} folders of more than 16 files`, wide)

function per(count: number, of: number, unit: number): string {
  return ((count / of) * unit).toFixed(1)
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[of.length >> 1] ?? 0
}

/** Counts the lines that are nothing but comment, and the empty ones. */
function count(code: string): void {
  let isInside = false
  for (const line of code.split('\n').slice(0, -1)) {
    const text = line.trim()
    if (text === '') blank++
    else if (isInside || text.startsWith('//') || text.startsWith('/*')) {
      comments++
      isInside = (isInside || text.startsWith('/*')) && !text.includes('*/')
    }
  }
}

function tell(what: string, which: readonly string[]): void {
  console.log(what)
  if (list) for (const one of which) console.log(`  ${one}`)
}

function walk(value: unknown, name: string, see: (node: Node, name: string) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, name, see)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  const node = value as Node
  const own: string = node['id']?.name ?? node['key']?.name ?? name
  if (typeof node['type'] === 'string') see(node, own)
  for (const one of Object.values(node)) walk(one, own, see)
}

function isFunction(node: Node): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|TSDeclareFunction)$/.test(node['type'])
}

function parametersOf(node: Node): number {
  const params: Node[] = node['params']?.items ?? node['params'] ?? []
  return params.length
}

function namesOf(declaration: Node): string[] {
  const declared: Node[] = declaration['declarations'] ?? [declaration]
  return declared.map(one => one['id']?.name).filter(name => typeof name === 'string')
}

/** Groups of files that import each other, types included, and do not lie in one folder. */
function tangles(): string[] {
  const reach = new Map([...edges.keys()].map(file => [file, reachable(edges, file)]))
  const groups = new Map<string, string[]>()
  for (const [file, seen] of reach) {
    if (!seen.has(file)) continue
    const group = [...seen].filter(other => reach.get(other)?.has(file)).toSorted()
    groups.set(group[0]!, group)
  }
  return [...groups.values()].map(
    group =>
      `${new Set(group.map(file => posix.dirname(file))).size > 1 ? 'ACROSS' : 'within'} ${group.length}` +
      group
        .map(file => `\n    ${file} → ${[...edges.get(file)!].filter(to => group.includes(to)).join(', ')}`)
        .join(''),
  )
}

function reachable(graph: Map<string, Set<string>>, from: string): Set<string> {
  const seen = new Set<string>()
  const open = [from]
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const to of graph.get(next) ?? []) {
      if (seen.has(to)) continue
      seen.add(to)
      open.push(to)
    }
  return seen
}

function add<K>(map: Map<K, Set<string>>, key: K, value: string): void {
  const known = map.get(key)
  if (known) known.add(value)
  else map.set(key, new Set([value]))
}
