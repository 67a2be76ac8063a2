#!/usr/bin/env node
import { Misuse } from './misuse.ts'
import { runCommand } from './run.ts'

// Exit status: 2 = the command cannot be understood or executed as it was given, 1 = it failed.
runCommand(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof Misuse) console.error(`restuary: ${error.message}; ${error.fix}`)
  else console.error(`restuary: ${error instanceof Error ? error.message : String(error)}`)
  if (process.env['DEBUG'] !== undefined) console.error(error)
  process.exitCode = error instanceof Misuse ? 2 : 1
})
