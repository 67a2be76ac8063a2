import { join } from 'node:path'
import type { ViteUserConfig } from 'vitest/config'

const root = join(import.meta.dirname, '..')
const memory = join(root, 'src/store/memory.ts')

/** A file of this repository, as text of an import. */
export const at = (path: string): string => JSON.stringify(join(root, path))

/**
 * The configuration that runs the tests of everything above the stores with another store in place of the memory store. `code`
 * exports it as `memory`; it may use the memory store as `prompt`.
 */
export function replacedMemory(name: string, code: string): ViteUserConfig {
  const id = `\0${name}-memory`
  return {
    plugins: [
      {
        name: `${name}-memory`,
        enforce: 'pre',
        async resolveId(source, importer) {
          if (!source.endsWith('/memory.ts') || importer === id) return null
          const found = await this.resolve(source, importer, { skipSelf: true })
          return found?.id === memory ? id : null
        },
        load: asked =>
          asked === id ? `import { memory as prompt } from ${JSON.stringify(`${memory}?prompt`)}\n${code}` : null,
      },
    ],
    test: {
      name,
      include: ['{src/auth,src/engine,src/live,src/transport,test,conformance}/**/*.test.ts'],
      exclude: [
        'test/fault/**',
        // They do not depend on a store, or bring their own.
        'test/{architecture,codes,package,type-budget}.test.ts',
        'test/describe/**',
        // It reads ids from the store at once while it makes up requests.
        'test/fuzz/**',
        // These compare stores with each other, and are the store suite's business.
        'test/property/{predicate,model}.test.ts',
      ],
      pool: 'threads',
      isolate: false,
      maxWorkers: '100%',
      testTimeout: 180_000,
      expect: { poll: { timeout: 60_000 } },
      hookTimeout: 180_000,
      env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node') },
    },
  }
}
