import { defineConfig, type ViteUserConfig } from 'vitest/config'

// What a new user does, from the packed package. It installs packages, so it is not part of `npm test`.
const config: ViteUserConfig = defineConfig({
  test: { include: ['test/fresh/new-projects.ts'], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false },
})

export default config
