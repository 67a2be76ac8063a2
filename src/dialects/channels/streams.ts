import type { Action, Model, Resource } from '../../model/model.ts'
import { envelopeOf } from './settings.ts'

/** What clients can do with a stream, in the words of the envelope. */
const builtIn: ReadonlySet<string> = new Set(['create', 'retrieve', 'list', 'update', 'patch', 'delete', 'subscribe'])

/** A resource as the envelope shows it. */
export interface Stream {
  readonly name: string
  readonly resource: Resource
  readonly operations: ReadonlySet<string>
  /** The actions of the resource. They win over built-in actions of the same name. */
  readonly actions: ReadonlyMap<string, Action>
  /** The member `model` in pushed events. */
  readonly label: string
}

/** The streams of a model: all resources that have a URI. */
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
