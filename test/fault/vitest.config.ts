import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** The fault tests with the counts that a release requires: `npm run fault`. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: 'fault',
    include: [
      'test/client/programs.test.ts',
      'test/fault/{kill9,idempotency,jobs,files,live,oracle-planted,learn-planted,migrations,nodes,nodes-planted,stalled}.test.ts',
    ],
    env: { FAULTS: 'all' },
    pool: 'threads',
    isolate: false,
    maxWorkers: '100%',
    testTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
  },
})

export default config
