import { join } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

// One worker per core and one module graph per worker: a process or a graph per file costs more than all the tests
// together. The price is that a test may not leave anything behind in a module.
const config: ViteUserConfig = defineConfig({
  test: {
    // Its own default leaves one core to itself, which has little to do.
    maxWorkers: '100%',
    globalSetup: 'test/postgres/server.ts',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'conformance/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          // A slow machine is not a fault; what hangs is still found.
          testTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
          hookTimeout: 180_000,
          // Processes that tests start would spend most of their life on compiling the sources.
          env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
        },
      },
    ],
  },
})

export default config
