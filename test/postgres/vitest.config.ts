import { join } from 'node:path'
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config'
import { at, replacedMemory } from '../replaced-memory.ts'

const code = `
  import { inject } from 'vitest'
  import { recycledStores } from ${at('src/testing/postgres/recycled-stores.ts')}
  const fresh = recycledStores(inject('postgresUrl'))
  export const memory = options =>
    options?.file === undefined && options?.keptChanges === undefined ? fresh() : prompt(options)`

/** The tests of everything above the stores, with PostgreSQL in place of the memory store: `npm run postgres`. */
const config: ViteUserConfig = mergeConfig(
  replacedMemory('postgres', code),
  defineConfig({
    test: {
      globalSetup: ['server.ts', 'started-server.ts'].map(file => join(import.meta.dirname, file)),
    },
  }),
)

export default config
