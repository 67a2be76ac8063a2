import type { AsyncDraft } from './asyncapi/draft.ts'
import type { LoginDef } from '../model/declare/declaration.ts'
import type { HandledRoute } from '../model/link/handled-routes.ts'
import type { Paths } from '../model/link/names.ts'
import { reservedPaths } from '../model/link/names.ts'
import type { Limits } from '../protocol/limits.ts'

/** What documents need to know of an API beside its model. */
export interface DescribeOptions {
  readonly title: string
  readonly version: string
  /** CommonMark. */
  readonly description: string
  /** Where the API is mounted, without a slash at the end. */
  readonly prefix: string
  readonly limits: Limits
  /** How callers say who they are, by name (OpenAPI 3.1.1 §4.8.27); empty = they are not told apart. */
  readonly schemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Readable URIs are streams for those who accept `text/event-stream`. */
  readonly live: boolean
  /** Where reserved paths were moved to; null = not served. */
  readonly paths: Paths
  /** The members of a login at `/auth/token`; null = there is none. */
  readonly login: LoginDef | null
  /** What functions serve beside the resources. */
  readonly handled: readonly HandledRoute[]
  /** Tell of what is spoken on sockets beside restuary.1. */
  readonly sockets: readonly ((draft: AsyncDraft) => void)[]
}

/** A word of `reservedPaths` as it is served by this API, below its prefix; null = it is not. */
export function servedPath(paths: Paths, word: string): string | null {
  const path = Object.hasOwn(paths, word) ? paths[word]! : reservedPaths[word]!
  return path === null ? null : `/${path.replaceAll(/^\/+|\/+$/g, '')}`
}
