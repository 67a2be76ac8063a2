import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** The walk through 200 declarations on both databases: `npm run migrations`. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: 'migrations',
    include: ['test/property/migrations.test.ts'],
    env: { DECLARATIONS: process.env['DECLARATIONS'] ?? '200' },
    globalSetup: ['test/postgres/server.ts'],
    pool: 'threads',
    isolate: false,
  },
})

export default config
