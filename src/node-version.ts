// The first thing that each entry of the package runs (scripts/bundle.ts), so that an older Node is refused in one sentence. It is a
// separate file without imports from Node, because an older Node may lack what it would import.
import { plainFailure } from './protocol/plain-failure.ts'

const { node, bun, deno } = process.versions as NodeJS.ProcessVersions & { bun?: string; deno?: string }
const [major = 0, minor = 0] = node.split('.').map(Number)
// Bun and Deno state a version of Node as well, which says little about what they support.
if (bun === undefined && deno === undefined && (major < 24 || (major === 24 && minor < 7))) {
  throw plainFailure(new Error(`Restuary needs Node 24.7 or newer; this is ${node}`))
}
