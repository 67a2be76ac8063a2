import { declarationChecks, notationOf } from './api-dialects.ts'
import type { ApiOptions } from './api-options.ts'
import { withSessions } from './auth/session/session.ts'
import { withFiles } from './engine/files/files-of-model.ts'
import { withJobResource } from './engine/jobs/jobs-of-model.ts'
import { withHooks } from './live/subscriptions/commit-hooks.ts'
import type { AnyResource } from './model/declare/declaration.ts'
import { ModelError } from './model/link/faults.ts'
import type { DeclaredHandled } from './model/declare/handled.ts'
import { handledRoutes, type HandledRoutes } from './model/link/handled-routes.ts'
import { link } from './model/link/link.ts'
import type { Model } from './model/model.ts'
import type { Limits } from './protocol/limits.ts'

type Declared = Readonly<Record<string, AnyResource | DeclaredHandled>>

/**
 * Links everything that an API declares: its resources with rows, the resources that the engine adds for itself, and the routes
 * of resources that functions answer.
 *
 * @throws {ModelError} with every fault of the declarations.
 */
export function linkDeclarations(
  declared: Declared,
  limits: Limits,
  options: Pick<ApiOptions, 'paths' | 'docs' | 'validators' | 'store'> & { readonly prefix: string },
): { readonly model: Model; readonly routes: HandledRoutes } {
  const { paths = {}, docs = null, prefix } = options
  const { modelled, handled } = apart(declared)
  const resources = withJobResource(withHooks(withSessions(withFiles(modelled))), paths)
  const notation = notationOf(options)
  const storeWaits = options.store?.waits ?? false
  const model = link(resources, { limits, paths, prefix, docs, notation, storeWaits, checks: declarationChecks })
  return { model, routes: linkHandled(handled, model) }
}

/** Separates resources with rows from those that functions answer. */
function apart(declared: Declared): {
  readonly modelled: Readonly<Record<string, AnyResource>>
  readonly handled: ReadonlyMap<string, DeclaredHandled>
} {
  const modelled: Record<string, AnyResource> = {}
  const handled = new Map<string, DeclaredHandled>()
  for (const [name, one] of Object.entries(declared)) {
    if ('~handled' in one) handled.set(name, one)
    else modelled[name] = one
  }
  return { modelled, handled }
}

function linkHandled(handled: ReadonlyMap<string, DeclaredHandled>, model: Model): HandledRoutes {
  const taken = [...model.resources.values(), ...model.standalone.values()].flatMap(resource =>
    resource.paths.map(path => [path, resource.name] as const),
  )
  const { routes, faults } = handledRoutes(handled, new Map(taken))
  if (faults.length > 0) throw new ModelError(faults)
  return routes
}
