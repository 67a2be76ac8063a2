// The reference of all names, from the sources. Each entry of the package is a module with the name by which it is imported.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const here = import.meta.dirname
const root = join(here, '../..')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const folder = join(here, 'entries')
rmSync(folder, { recursive: true, force: true })
const entryPoints = Object.entries(exports).flatMap(([name, target]) => {
  if (typeof target === 'string' || name === './dev-log') return []
  const source = join(root, target.default.replace('./dist', 'src').replace(/\.js$/, '.ts'))
  const file = join(folder, `${name === '.' ? 'restuary' : `restuary/${name.slice(2)}`}.ts`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `export * from '${relative(dirname(file), source)}'\n`)
  return [file]
})

export default {
  entryPoints,
  tsconfig: join(here, 'tsconfig.json'),
  plugin: ['typedoc-plugin-markdown', join(here, 'nearest-example.mjs')],
  out: join(here, 'pages/reference/names'),
  readme: 'none',
  outputFileStrategy: 'modules',
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandObjects: false,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  entryFileName: 'index',
  groupOrder: ['Functions', 'Variables', 'Classes', '*'],
  // What is inferred names types that are not exported; they are shown where they are used.
  validation: { notExported: false, invalidLink: true },
  // The sources are checked by TypeScript 7, which infers more.
  skipErrorChecking: true,
  logLevel: 'Warn',
  // A name without an example fails the build.
  treatWarningsAsErrors: true,
}
