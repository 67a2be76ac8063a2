import type { AsyncDraft } from './async-draft.ts'
import type { LoginDef } from '../model/declare/declaration.ts'
import type { HandledRoute } from '../model/link/handled-routes.ts'
import type { Paths } from '../model/link/names.ts'
import { reservedPaths } from '../model/link/names.ts'
import type { Limits } from '../protocol/limits.ts'

/** What documents need to know about an API beside its model. */
export interface DescribeOptions {
  readonly title: string
  readonly version: string
  /** CommonMark. */
  readonly description: string
  /** The path below which the API is mounted, without a slash at the end. */
  readonly prefix: string
  readonly limits: Limits
  /** How requests carry credentials, by name (OpenAPI 3.1.1 §4.8.27). Empty = callers are not told apart. */
  readonly schemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Whether readable URIs are also streams, for clients that accept `text/event-stream`. */
  readonly live: boolean
  /** New paths for reserved words. null = not served. */
  readonly paths: Paths
  /** The members of a login at `/auth/token`. null = there is no login. */
  readonly login: LoginDef | null
  /** The path of the studio, below the prefix. null = there is none. */
  readonly studio: string | null
  /** The handled resources. */
  readonly handled: readonly HandledRoute[]
  /** Add the protocols on sockets beside restuary.1. */
  readonly sockets: readonly ((draft: AsyncDraft) => void)[]
}

/** The path of a word in `reservedPaths`, below the prefix of the API. null = it is not served. */
export function servedPath(paths: Paths, word: string): string | null {
  const path = Object.hasOwn(paths, word) ? paths[word]! : reservedPaths[word]!
  return path === null ? null : `/${path.replaceAll(/^\/+|\/+$/g, '')}`
}
