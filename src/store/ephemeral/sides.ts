import type { Model, Resource } from '../../model/model.ts'
import type { Commit, Store } from '../store.ts'

/** Whether the rows of a resource expire. They are then kept in memory beside the store. */
export function isEphemeral(resource: Resource): boolean {
  return resource.options.ephemeral !== null
}

/** The part of a model that is stored. */
export function lastingPart(model: Model): Model {
  return withResources(model, resource => !isEphemeral(resource))
}

/** The part of a model that is in the tables of a store. Ephemeral rows are, if several nodes use it. */
export function storedPart(model: Model, store: Pick<Store, 'hasNodes'> | null): Model {
  return store?.hasNodes === true ? model : lastingPart(model)
}

/** What a commit did to rows that are not ephemeral, as the log is shown; null if nothing. */
export function withoutEphemeral(commit: Commit): Commit | null {
  if (!commit.changes.some(({ resource }) => isEphemeral(resource))) return commit
  const changes = commit.changes.filter(({ resource }) => !isEphemeral(resource))
  return changes.length + commit.published.length === 0 ? null : { ...commit, changes }
}

/** The part of a model that is kept in memory. */
export function ephemeralPart(model: Model): Model {
  return { ...withResources(model, isEphemeral), joins: [] }
}

function withResources(model: Model, keep: (resource: Resource) => boolean): Model {
  return { ...model, resources: new Map([...model.resources].filter(([, resource]) => keep(resource))) }
}
