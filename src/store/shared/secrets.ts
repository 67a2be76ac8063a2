import { hkdfSync } from 'node:crypto'

/** A key of 32 bytes that is made of the secret of a database, for one use. Other uses get other keys. */
export function keyFrom(secret: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `restuary ${use}`, 32))
}
