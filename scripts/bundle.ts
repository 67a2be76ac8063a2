// Writes the JavaScript of the package: its entries, and in further files what they share and what is loaded when needed.
// usage: node scripts/bundle.ts, after tsc has written the declarations
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'

const root = join(import.meta.dirname, '..')

export interface BundleOptions {
  /** Sources by the names that they get, without extensions. */
  readonly input: Readonly<Record<string, string>>
  readonly dir: string
  readonly extension: '.js' | '.mjs'
  /** Packages are left to be imported. Default false: they are part of it. */
  readonly leavesPackages?: boolean
  readonly sourcemap?: boolean
  readonly plugins?: readonly Plugin[]
  /** Where it runs. Default: node. */
  readonly platform?: 'node' | 'browser'
}

/** Writes modules of TypeScript and all that they import into as few files as Node can load quickly. */
export async function bundle(options: BundleOptions): Promise<void> {
  const { input, dir, extension, leavesPackages = false, sourcemap = false, plugins = [], platform = 'node' } = options
  const bundled = await rolldown({
    input: { ...input },
    platform,
    logLevel: 'warn',
    plugins: [scanThread(extension), ...plugins],
    ...(leavesPackages && { external: /^[^./]/ }),
  })
  await bundled.write({
    dir,
    format: 'esm',
    sourcemap,
    entryFileNames: `[name]${extension}`,
    chunkFileNames: `[name]-[hash]${extension}`,
  })
  await bundled.close()
}

/** The sources of what package.json exports and of its commands, by the names of the built files. */
export function entries(): Record<string, string> {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>
    bin: Record<string, string>
  }
  const files = [...Object.values(exports), ...Object.values(bin)].map(one =>
    typeof one === 'string' ? one : one.default,
  )
  const names = files.flatMap(file => /^(?:\.\/)?dist\/(.*)\.js$/.exec(file)?.[1] ?? [])
  return Object.fromEntries(names.map(name => [name, join(root, 'src', `${name}.ts`)]))
}

/** Whether an entry is of the client, which runs in browsers and knows nothing of Node. */
export function isOfClient(name: string): boolean {
  return name.startsWith('client/')
}

/**
 * Makes sure that an older Node reaches the sentence which says that it is too old. Each entry runs that check first. But a module
 * only runs after all its imports were found, and an older Node lacks some modules and exports. So imports from Node become calls,
 * which are made when the code runs. No line moves, so source maps stay correct.
 */
const checkedNode: Plugin = {
  name: 'checked-node',
  renderChunk(code, chunk) {
    const asked = code.replaceAll(
      /^import \{([^}]*)\} from ("node:[\w/]+");/gm,
      (_, names: string, module: string) =>
        `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule(${module});`,
    )
    const way = '../'.repeat(chunk.fileName.split('/').length - 1) || './'
    const checked = asked.replace(/^(#!.*\n)?/, `$1import "${way}node-version.js"; `)
    return { code: chunk.isEntry ? checked : asked, map: null }
  },
}

/**
 * The thread in which SQLite scans is a separate file. It is at the top of the built files, so that it is found wherever it is
 * started from.
 */
function scanThread(extension: string): Plugin {
  const fileName = `scan-thread${extension}`
  return {
    name: 'scan-thread',
    transform(code, id) {
      const file = join(dirname(id), 'scan-thread.ts')
      if (code.includes(`'./scan-thread.ts', import.meta.url`)) this.emitFile({ type: 'chunk', id: file, fileName })
    },
    renderChunk(code, chunk) {
      const way = '../'.repeat(chunk.fileName.split('/').length - 1) || './'
      return {
        code: code.replace('"./scan-thread.ts", import.meta.url', `"${way}${fileName}", import.meta.url`),
        map: null,
      }
    },
  }
}

/** Writes the package's JavaScript. */
export async function bundlePackage(dir: string): Promise<void> {
  const common = { dir, extension: '.js', leavesPackages: true, sourcemap: true } as const
  await bundle({ ...common, input: { 'node-version': join(root, 'src/node-version.ts') } })
  const { client = [], server = [] } = Object.groupBy(Object.entries(entries()), ([name]) =>
    isOfClient(name) ? 'client' : 'server',
  )
  await bundle({ ...common, input: Object.fromEntries(server), plugins: [checkedNode] })
  await bundle({ ...common, input: Object.fromEntries(client), platform: 'browser' })
}

if (import.meta.main) await bundlePackage(join(root, 'dist'))
