import type { Auth } from './auth/auth.ts'
import type { HandledRoutes } from './model/link/handled-routes.ts'
import type { Model } from './model/model.ts'
import type { Paths } from './model/link/names.ts'
import type { Limits } from './protocol/limits.ts'
import { titleIn } from './describe/title.ts'
import { servedPath, type DescribeOptions } from './describe/options.ts'
import { studio } from './describe/studio/studio.ts'
import type { StudioSubject } from './describe/studio/studio-subject.ts'
import { studioRules, type StudioOptions } from './describe/studio/studio-options.ts'
import { describePages } from './describe/pages.ts'
import type { Page, Service } from './transport/http/endpoint.ts'

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
  readonly studio: DescribeOptions['studio']
}

/** The documents of an API: descriptions, the client and the page. `documentation` may change what the page shows. */
export function documentPages(
  documented: Documented,
  options: DocumentOptions,
  documentation?: (page: Page) => Page,
): readonly Page[] {
  const { model, auth, prefix, limits, routes, sockets, studio } = documented
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
    studio,
  }
  return describePages(model, describe, documentation)
}

/** The studio of an API. null = there is none. */
export function studioOf(
  options: Pick<DocumentOptions, 'paths'> & { readonly studio?: boolean | StudioOptions },
  prefix: string,
  shown: StudioSubject,
): { readonly path: string; readonly pages: readonly Page[]; readonly services: readonly Service[] } | null {
  const rules = studioRules(options.studio)
  const at = (word: string): string | null => servedPath(options.paths ?? {}, word)
  const path = at('studio')
  if (rules === null || path === null) return null
  const full = (own: string | null): string | null => (own === null ? null : prefix + own)
  const settings = { base: prefix, studio: prefix + path, openapi: full(at('openapi')), docs: full(at('docs')) }
  return { path, ...studio(path, settings, rules, shown) }
}
