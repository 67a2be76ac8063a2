/** Which files may be uploaded to a field. */
export interface FileLimits {
  /** Largest size in bytes. */
  readonly max: number
  /** Allowed media types in small letters, also as ranges: `image/*`. Empty = any. */
  readonly types: readonly string[]
}

/** What a row stores about its file. The bytes are in the file store, under the version. */
export interface StoredFile {
  /** The name that the sender gave it, without directories. null = none. */
  readonly name: string | null
  /** The media type that the sender stated. */
  readonly type: string
  /** Size in bytes. */
  readonly size: number
  /** The hash of its bytes: `sha-256=:…:` (RFC 9530). */
  readonly digest: string
  /** When it was uploaded, as a date-time in UTC. */
  readonly modified: string
  /** Changes when the bytes change. It is the entity tag of the download. */
  readonly version: string
}

/** What a row shows about its file. */
export interface FileShown extends StoredFile {
  /** Path of the download, below the mount point of the API. */
  readonly url: string
}

/** Whether a field accepts a media type. The type is in small letters and without parameters. */
export function takesType({ types }: FileLimits, type: string): boolean {
  if (types.length === 0) return true
  return types.some(one => one === type || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))))
}
