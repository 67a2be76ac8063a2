/** What may be uploaded to a file field. */
export interface FileLimits {
  /** Bytes. */
  readonly max: number
  /** Media types and ranges of them, in small letters: `image/*`; empty = any. */
  readonly types: readonly string[]
}

/** What is stored of a file in its row; its bytes are elsewhere, under the version. */
export interface StoredFile {
  /** As whoever sent it called it, without directories; null if nobody said. */
  readonly name: string | null
  /** Its media type, as it was said. */
  readonly type: string
  /** Bytes. */
  readonly size: number
  /** `sha-256=:…:` (RFC 9530). */
  readonly digest: string
  /** When it was uploaded. */
  readonly modified: string
  /** Another one for other bytes; the entity tag of the download. */
  readonly version: string
}

/** What a row shows of a file. */
export interface FileShown extends StoredFile {
  /** Path of the download below the mount of the API. */
  readonly url: string
}

/** Whether a media type (without parameters, in small letters) is among those that a field takes. */
export function takesType({ types }: FileLimits, type: string): boolean {
  if (types.length === 0) return true
  return types.some(one => one === type || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))))
}
