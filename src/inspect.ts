import type { Model } from './model/model.ts'
import type { OfflineApi } from './assemble-engine.ts'
import { storedPart } from './store/ephemeral/sides.ts'
import type { Store } from './store/store.ts'

/** An API that only tells about itself. */
export interface DocumentedApi {
  readonly http: { readonly prefix?: string }
  fetch(request: Request): Promise<Response>
  close(): Promise<void>
}

/** What can be made of a declaration that was only looked at. */
export interface Makes {
  /** Makes the API without its rows and files, for documents about it. */
  readonly make: () => DocumentedApi
  /** Makes its engine over a store. On a copy of a database, files are apart as well. */
  readonly open: (store: Store, isCopy: boolean) => Promise<OfflineApi>
}

/** What a module declares, found without opening a store: thrown by its call of `api(…)`. */
export class Inspected extends Error implements Makes {
  /** The part of the model that the store keeps. */
  readonly model: Model
  /** null = the API keeps its rows in memory. */
  readonly store: Store | null
  readonly make: Makes['make']
  readonly open: Makes['open']

  constructor(model: Model, store: Store | null, { make, open }: Makes) {
    super('the declaration was only looked at')
    this.model = model
    this.store = store
    this.make = make
    this.open = open
  }
}

let inspecting = false

/**
 * Loads a module until it calls `api(…)`, and returns what that call declares. Nothing is opened, migrated or served. null = it
 * makes no API.
 */
export async function inspect(load: () => Promise<unknown>): Promise<Inspected | null> {
  inspecting = true
  try {
    await load()
    return null
  } catch (error) {
    if (error instanceof Inspected) return error
    throw error
  } finally {
    inspecting = false
  }
}

/** Called by `api(…)`. Throws if the module is only looked at. */
export function stopIfInspected(model: Model, store: Store | undefined, makes: Makes): void {
  if (inspecting) throw new Inspected(storedPart(model, store ?? null), store ?? null, makes)
}
