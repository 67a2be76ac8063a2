// Runs before everything else of the package (scripts/bundle.ts), so that an older Node is refused in one sentence. It is a
// file of its own without imports from Node, since those are what an older Node fails at.
import { plainFailure } from './protocol/plain-failure.ts'

const { node, bun, deno } = process.versions as NodeJS.ProcessVersions & { bun?: string; deno?: string }
const [major = 0, minor = 0] = node.split('.').map(Number)
// What others say of the Node that they stand for need not be so.
if (bun === undefined && deno === undefined && (major < 24 || (major === 24 && minor < 7))) {
  throw plainFailure(new Error(`Restuary needs Node 24.7 or newer; this is ${node}`))
}
