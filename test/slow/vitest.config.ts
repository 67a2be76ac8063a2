import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { at, replacedMemory } from '../replaced-memory.ts'

const code = `
  import { slow } from ${at('src/testing/slow-store.ts')}
  export const memory = options => slow(prompt(options))`

/** The tests of everything above the stores, with an asynchronous memory store: `npm run slow`. */
const config: ViteUserConfig = defineConfig(replacedMemory('slow', code))

export default config
