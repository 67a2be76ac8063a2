import { join } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const root = join(import.meta.dirname, '../..')
const memory = join(root, 'src/store/memory.ts')
const NAME = '\0postgres-memory'

/** The tests of everything above the stores, with PostgreSQL in place of the memory store: `npm run postgres`. */
const config: ViteUserConfig = defineConfig({
  plugins: [
    {
      name: 'postgres-memory',
      enforce: 'pre',
      async resolveId(source, importer) {
        if (!source.endsWith('/memory.ts') || importer === NAME) return null
        const found = await this.resolve(source, importer, { skipSelf: true })
        return found?.id === memory ? NAME : null
      },
      load(id) {
        if (id !== NAME) return null
        return `
          import { inject } from 'vitest'
          import { memory as prompt } from ${JSON.stringify(`${memory}?prompt`)}
          import { postgresStoreAt } from ${JSON.stringify(join(root, 'src/testing/postgres/postgres-store.ts'))}
          export const memory = options =>
            options?.file === undefined && options?.keptChanges === undefined
              ? postgresStoreAt(inject('postgresUrl'))
              : prompt(options)`
      },
    },
  ],
  test: {
    name: 'postgres',
    globalSetup: [join(import.meta.dirname, 'server.ts'), join(import.meta.dirname, 'started-server.ts')],
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
})

export default config
