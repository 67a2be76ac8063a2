import { createHash } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'
import type { ScalarField } from '../../model/model.ts'
import { takesType, type StoredFile } from '../../schema/file.ts'

/** What a client says about a file before it sends the bytes. */
export interface FileHead {
  readonly name: string | null
  /** The media type that the client stated; null = none. */
  readonly type: string | null
}

/** A file that was received, or null to remove the file. File fields get their values in no other way. */
export interface Upload {
  readonly field: ScalarField
  readonly value: StoredFile | null
}

export interface Keeping {
  readonly clock: () => number
  readonly newKey: () => string
  /** Enters the key in the ledger, so that the bytes can be found and removed whatever happens next. */
  readonly enter: (key: string) => Promise<void>
  readonly write: (key: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>
  readonly release: (keys: readonly string[]) => Promise<void>
}

/** Receives the files of one call, before its unit of work begins. Those that the call does not use are released. */
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
   * Stores a file for a field. Throws ApiError `unsupported_media_type` before any byte is read, `payload_too_large` as soon as
   * the file exceeds the field's limit, and whatever error the source of the bytes throws.
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
          size += chunk.length // counted while they arrive: a stated length may be wrong
          if (size > max) throw fileTooLarge(field)
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

  /** Marks the received files for removal, except those that a row has taken. */
  async release(): Promise<void> {
    if (this.#keys.length > 0) await this.#keeping.release(this.#keys)
  }
}

/**
 * The error for a file over the limit of its field. It names the limit, so that a client can tell its user before trying
 * again.
 */
export function fileTooLarge(field: ScalarField): ApiError {
  return new ApiError('payload_too_large', {
    detail: `${field.name} takes files of up to ${field.def.file!.max} bytes`,
  })
}

// The media type of RFC 9110 §8.3.1. It is sent in a header field later, so nothing else may get through.
const MEDIA_TYPE =
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:[ \t]*;[ \t]*[\w!#$&^.+-]+=(?:[\w!#$&^.+*'%-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*$/

/** The media type under which a file is stored. Throws ApiError if the field does not accept it. */
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
 * A client's file name without what could do harm: directories, control characters, marks that reverse the direction of text,
 * and names made of dots alone (RFC 6266 §4.3). It is only for display; bytes are stored under a key.
 */
function plainName(name: string): string | null {
  const last = name.toWellFormed().split(/[/\\]/).at(-1)!
  const plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .replace(/^\.+$/, '')
  return plain === '' ? null : Array.from(plain).slice(0, MOST_NAME).join('')
}
