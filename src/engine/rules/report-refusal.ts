import type { ApiError } from '../../protocol/error.ts'
import type { Call, CallOrigin, CallTarget } from '../call/call.ts'

/** Whether NODE_ENV says development, or nothing. */
export function isDevelopment(): boolean {
  return [undefined, '', 'development'].includes(process.env['NODE_ENV'])
}

/** Prints which rule refused a write. */
export function printRefusal(rule: string, { operation, resource, id, principal }: CallTarget & CallOrigin): void {
  const who = principal ? String(principal.id) : 'nobody'
  process.stderr.write(`refused: ${operation} ${resource.name} ${id ?? ''} for ${who}, ${rule}\n`)
}

/** Prints a line about the start of the server. */
export function printLine(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Prints a fault of the server with its cause. */
export function printFault(error: ApiError, call: Call | null): void {
  const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : error.message
  process.stderr.write(`${call ? `${call.operation} ${call.resource.name}` : 'in the background'}: ${cause}\n`)
}
