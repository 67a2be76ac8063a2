import type { AnyResource } from './model/declaration.ts'
import { ModelError } from './model/faults.ts'
import type { DeclaredHandled } from './model/handled.ts'
import { handledRoutes, type HandledRoutes } from './model/handled-routes.ts'
import type { Model } from './model/model.ts'

/** The two kinds of a map of declarations. */
interface Apart {
  readonly modelled: Readonly<Record<string, AnyResource>>
  readonly handled: ReadonlyMap<string, DeclaredHandled>
}

/** Tells resources with rows from those that functions serve. */
export function apart(declared: Readonly<Record<string, AnyResource | DeclaredHandled>>): Apart {
  const modelled: Record<string, AnyResource> = {}
  const handled = new Map<string, DeclaredHandled>()
  for (const [name, one] of Object.entries(declared)) {
    if ('~handled' in one) handled.set(name, one)
    else modelled[name] = one
  }
  return { modelled, handled }
}

/** The routes of handled resources beside a model. Throws ModelError with every fault. */
export function linkHandled(handled: ReadonlyMap<string, DeclaredHandled>, model: Model): HandledRoutes {
  const taken = [...model.resources.values(), ...model.standalone.values()].flatMap(resource =>
    resource.paths.map(path => [path, resource.name] as const),
  )
  const { routes, faults } = handledRoutes(handled, new Map(taken))
  if (faults.length > 0) throw new ModelError(faults)
  return routes
}
