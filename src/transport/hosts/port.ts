import { plainFailure } from '../../protocol/plain-failure.ts'

/** Parses a port number (0 = any free port); null if the text is not one. */
export function parsePort(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

/** The port to serve on if the program names none: the environment variable PORT, otherwise 3000. */
export function defaultPort(): number {
  const text = process.env['PORT'] || '3000'
  const port = parsePort(text)
  if (port !== null) return port
  throw plainFailure(new Error(`PORT=${text} is not a port. Give a number from 1 to 65535, or 0 for any free one.`))
}
