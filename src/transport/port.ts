import { plainFailure } from '../protocol/plain-failure.ts'

/** The number that a text says, if it is one of a port (0 = any free one), otherwise null. */
export function parsePort(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

/** Where to serve if the program does not say it: the environment's PORT, otherwise 3000. */
export function defaultPort(): number {
  const text = process.env['PORT'] || '3000'
  const port = parsePort(text)
  if (port !== null) return port
  throw plainFailure(new Error(`PORT=${text} is no port. Give a number from 1 to 65535, or 0 for any free one.`))
}
