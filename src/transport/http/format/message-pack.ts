import { encode } from '@msgpack/msgpack'

/** JSON values as MessagePack. Objects with a `toJSON` are written as what it returns. */
export function writeMessagePack(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefined: true })
}
