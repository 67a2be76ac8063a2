import type { Auth } from './auth/auth.ts'
import type { HandledRoutes } from './model/handled-routes.ts'
import type { Model } from './model/model.ts'
import type { Paths } from './model/names.ts'
import type { Limits } from './protocol/limits.ts'
import { metaFile, titleIn } from './describe/meta.ts'
import type { DescribeOptions } from './describe/options.ts'
import { describePages } from './describe/pages.ts'
import type { Page } from './transport/http/page.ts'

/** What an API says of its documents. */
export interface DocumentOptions {
  /** The version of the API that documents name. Default `1.0.0`. */
  readonly version?: string
  /** Where documents and services stand, by the words of `reservedPaths`: `{ docs: '/' }`; null = not served. */
  readonly paths?: Paths
  /** Further members of the meta data that restaction's clients read. */
  readonly meta?: Readonly<Record<string, unknown>>
}

/** The parts of an API that its documents tell of. */
export interface Documented {
  readonly model: Model
  readonly auth: Auth | null
  readonly routes: HandledRoutes
  readonly prefix: string
  readonly limits: Limits
}

/** The documents of an API: descriptions, page, client, meta data. */
export function documentPages(documented: Documented, options: DocumentOptions): readonly Page[] {
  const { model, auth, prefix, limits, routes } = documented
  const description = typeof model.docs['$desc'] === 'string' ? model.docs['$desc'] : ''
  const describe: DescribeOptions = {
    title: titleIn(description, 'API'),
    version: options.version ?? '1.0.0',
    description,
    prefix,
    limits,
    schemes: schemesOf(auth),
    live: true,
    paths: options.paths ?? {},
    login: (auth?.login && [...model.resources.values()].find(one => one.login !== null)?.login) ?? null,
    handled: routes.all,
  }
  return describePages(model, describe, metaFile(options.meta, auth?.roles?.meta))
}

/** How callers of this API say who they are, in OpenAPI's words. */
function schemesOf(auth: Auth | null): DescribeOptions['schemes'] {
  if (auth === null) return {}
  if (auth.roles) {
    const { header, cookie } = auth.roles.options
    return {
      ...(header === null ? {} : { token: { type: 'apiKey', in: 'header', name: header } }),
      ...(cookie === null ? {} : { cookie: { type: 'apiKey', in: 'cookie', name: cookie } }),
    }
  }
  return {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    ...(auth.cookie ? { session: { type: 'apiKey', in: 'cookie', name: auth.cookie.name } } : {}),
  }
}
