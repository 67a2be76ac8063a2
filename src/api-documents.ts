import type { Auth } from './auth/auth.ts'
import type { HandledRoutes } from './model/link/handled-routes.ts'
import type { Model } from './model/model.ts'
import type { Paths } from './model/link/names.ts'
import type { Limits } from './protocol/limits.ts'
import { titleIn } from './describe/title.ts'
import type { DescribeOptions } from './describe/options.ts'
import { describePages } from './describe/pages.ts'
import type { Page } from './transport/http/endpoint.ts'

/** The options of an API that concern its documents. */
export interface DocumentOptions {
  /** The version of the API that documents state. Default: `1.0.0`. */
  readonly version?: string
  /** Paths of documents and services, by the words of `reservedPaths`: `{ docs: '/' }`. null = not served. */
  readonly paths?: Paths
}

/** The parts of an API that its documents describe. */
export interface Documented {
  readonly model: Model
  readonly auth: Auth | null
  readonly routes: HandledRoutes
  readonly prefix: string
  readonly limits: Limits
  readonly sockets: DescribeOptions['sockets']
}

/** The documents of an API: descriptions, the client and the page. `documentation` may change what the page shows. */
export function documentPages(
  documented: Documented,
  options: DocumentOptions,
  documentation?: (page: Page) => Page,
): readonly Page[] {
  const { model, auth, prefix, limits, routes, sockets } = documented
  const { description } = model.docs
  const describe: DescribeOptions = {
    title: titleIn(description, 'API'),
    version: options.version ?? '1.0.0',
    description,
    prefix,
    limits,
    schemes: auth?.schemes ?? {},
    live: true,
    paths: options.paths ?? {},
    login: (auth?.login && [...model.resources.values()].find(one => one.login !== null)?.login) ?? null,
    handled: routes.all,
    sockets,
  }
  return describePages(model, describe, documentation)
}
