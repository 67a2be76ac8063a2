import type { Action, Model, Resource } from '../../model/model.ts'
import { envelopeOf } from './settings.ts'

/** What clients may do with a stream, by the names of the envelope. */
const builtIn: ReadonlySet<string> = new Set(['create', 'retrieve', 'list', 'update', 'patch', 'delete', 'subscribe'])

/** A resource as the envelope shows it. */
export interface Stream {
  readonly name: string
  readonly resource: Resource
  readonly operations: ReadonlySet<string>
  /** The resource's own actions, which go before built-in ones of the same name. */
  readonly actions: ReadonlyMap<string, Action>
  /** `model` of pushes. */
  readonly label: string
}

/** The streams of a model: its resources with rows that have a URI, under their names or as they say. */
export function streamsOf(model: Model): ReadonlyMap<string, Stream> {
  const streams = new Map<string, Stream>()
  for (const resource of [...model.resources.values(), ...model.standalone.values()]) {
    if (resource.paths.length === 0) continue
    const { label, operations, stream } = envelopeOf(resource)
    const { readOnly } = resource.options
    const all = resource.standalone ? [] : readOnly ? ['retrieve', 'list', 'subscribe'] : [...builtIn]
    const name = stream ?? resource.name
    streams.set(name, {
      name,
      resource,
      operations: new Set(operations ?? all),
      actions: resource.actions,
      label: label ?? resource.name,
    })
  }
  return streams
}

/** The names that a client may call, sorted. */
export function actionsOf({ operations, actions }: Stream): string[] {
  return [...new Set([...operations, ...actions.keys()])].toSorted()
}
