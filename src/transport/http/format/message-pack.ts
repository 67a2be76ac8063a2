import { encode } from '@msgpack/msgpack'

/** JSON values as MessagePack; objects that know how to be JSON are that. */
export function writeMessagePack(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefined: true })
}
