import { createHash } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'
import type { ScalarField } from '../../model/model.ts'
import { takesType, type StoredFile } from '../../schema/file.ts'

/** What is said of a file before its bytes come. */
export interface FileHead {
  readonly name: string | null
  /** A media type as it was sent; null = nothing was said. */
  readonly type: string | null
}

/** A file that was taken in, or null for one that shall go: the only way in which a file field gets a value. */
export interface Upload {
  readonly field: ScalarField
  readonly value: StoredFile | null
}

export interface Keeping {
  readonly clock: () => number
  readonly newKey: () => string
  /** Enters a key, so that its bytes are found whatever becomes of this. */
  readonly enter: (key: string) => Promise<void>
  readonly write: (key: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>
  readonly release: (keys: readonly string[]) => Promise<void>
}

/** Takes in the files of one call, before its unit begins. What the call does not come to use is let go. */
export class Reception {
  readonly #keeping: Keeping
  readonly #keys: string[] = []
  readonly #uploads: Upload[] = []

  constructor(keeping: Keeping) {
    this.#keeping = keeping
  }

  get uploads(): readonly Upload[] {
    return this.#uploads
  }

  /**
   * Keeps a file for a field. Throws ApiError `unsupported_media_type` before a byte is read, `payload_too_large` as soon
   * as there are more than the field takes, and what the bytes throw.
   */
  async take(field: ScalarField, head: FileHead, bytes: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const type = mediaTypeFor(field, head.type)
    const key = this.#keeping.newKey()
    await this.#keeping.enter(key)
    this.#keys.push(key)
    const { max } = field.def.file!
    const sha256 = createHash('sha256')
    let size = 0
    await this.#keeping.write(
      key,
      (async function* () {
        for await (const chunk of bytes) {
          size += chunk.length
          if (size > max) throw tooLarge(field)
          sha256.update(chunk)
          yield chunk
        }
      })(),
    )
    const value: StoredFile = {
      name: head.name === null ? null : plainName(head.name),
      type,
      size,
      digest: `sha-256=:${sha256.digest('base64')}:`,
      modified: new Date(this.#keeping.clock()).toISOString(),
      version: key,
    }
    this.#uploads.push({ field, value })
    return value
  }

  /** Lets go of what was taken in and is in no row. */
  async release(): Promise<void> {
    if (this.#keys.length > 0) await this.#keeping.release(this.#keys)
  }
}

export function tooLarge(field: ScalarField): ApiError {
  return new ApiError('payload_too_large', {
    detail: `${field.name} takes files of up to ${field.def.file!.max} bytes`,
  })
}

// RFC 9110 §8.3.1; what it holds goes out in a header field again.
const MEDIA_TYPE =
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:[ \t]*;[ \t]*[\w!#$&^.+-]+=(?:[\w!#$&^.+*'%-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*$/

/** The type under which a file is kept; throws where the field does not take it. */
export function mediaTypeFor(field: ScalarField, said: string | null): string {
  const given = (said ?? 'application/octet-stream').trim()
  const limits = field.def.file!
  const known = given.length <= 255 && MEDIA_TYPE.test(given)
  const semicolon = given.indexOf(';')
  const essence = (semicolon < 0 ? given : given.slice(0, semicolon)).trim().toLowerCase()
  if (known && takesType(limits, essence)) return semicolon < 0 ? essence : essence + given.slice(semicolon)
  const takes = limits.types.length === 0 ? 'files of any type; say which in Content-Type' : limits.types.join(', ')
  throw new ApiError('unsupported_media_type', {
    detail: known ? `${field.name} takes ${takes}, not ${essence}` : `${field.name} takes ${takes}`,
    ...(limits.types.length > 0 && { headers: { accept: limits.types.join(', ') } }),
  })
}

const MOST_NAME = 255

/**
 * What is left of a name that somebody sent: no directories, no control characters, nothing that turns its direction
 * around, no dots alone (RFC 6266 §4.3). It names nothing here: bytes are kept under a key.
 */
function plainName(name: string): string | null {
  const last = name.toWellFormed().split(/[/\\]/).at(-1)!
  const plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .replace(/^\.+$/, '')
  return plain === '' ? null : Array.from(plain).slice(0, MOST_NAME).join('')
}
