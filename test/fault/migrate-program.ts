// Applies the plans of a module, or takes the last one back: node migrate-program.ts apply|down MODULE. The test kills it.
import { runCommand } from '../../src/cli/run.ts'

const [, , way, module] = process.argv as [string, string, string, string]
process.stdout.write('begins\n')
await runCommand(['migrate', way, module])
