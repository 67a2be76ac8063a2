import { join } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import type { Planted } from './oracle-planted.ts'

const planted = JSON.parse(process.env['PLANTED'] ?? '[]') as Planted[]
const root = join(import.meta.dirname, '../..')

/** The tests of some files (PLANTED_IN), with pieces of the sources replaced (PLANTED is JSON). */
const config: ViteUserConfig = defineConfig({
  plugins: [
    {
      name: 'planted',
      enforce: 'pre',
      transform(code, id) {
        let source = code
        for (const { file, find, replace } of planted) {
          if (id !== join(root, 'src', file)) continue
          if (source.split(find).length !== 2) throw new Error(`${file} does not have once: ${find}`)
          source = source.replace(find, () => replace)
        }
        return source === code ? null : source
      },
    },
  ],
  test: {
    globalSetup: 'test/postgres/server.ts',
    // The sources differ each time.
    fsModuleCache: false,
    include: (process.env['PLANTED_IN'] ?? '').split(' '),
    pool: 'threads',
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
  },
})

export default config
