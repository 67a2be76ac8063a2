import { createHash } from 'node:crypto'

/** How long a name may be, in bytes. PostgreSQL cuts what is longer, so that two names may become one. */
const MOST = 63

/** A name that PostgreSQL does not cut. A long one ends with a digest of itself. */
export function identifier(name: string): string {
  if (Buffer.byteLength(name) <= MOST) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
  let start = name
  while (Buffer.byteLength(start) > MOST - 9) start = start.slice(0, -1)
  return `${start}_${digest}`
}

/** A name as it is written in SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
