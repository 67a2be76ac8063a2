import type { Model, Resource } from '../../model/model.ts'

/** Whether the rows of a resource expire. They are then kept in memory beside the store. */
export function isEphemeral(resource: Resource): boolean {
  return resource.options.ephemeral !== null
}

/** The part of a model that is stored. */
export function lastingPart(model: Model): Model {
  return withResources(model, resource => !isEphemeral(resource))
}

/** The part of a model that is kept in memory. */
export function ephemeralPart(model: Model): Model {
  return { ...withResources(model, isEphemeral), joins: [] }
}

function withResources(model: Model, keep: (resource: Resource) => boolean): Model {
  return { ...model, resources: new Map([...model.resources].filter(([, resource]) => keep(resource))) }
}
