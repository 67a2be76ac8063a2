import type { ResourceDef } from '../../model/declare/declaration.ts'
import { instead, type Note } from '../../model/link/faults.ts'
import type { Defs } from '../../model/link/joins.ts'
import type { Extension, Extensions } from '../../model/declare/extension.ts'
import { declaredIdName } from '../../model/link/names.ts'
import type { SortKey } from '../../query/predicate.ts'

/** How the envelope `{ stream, payload }` on WebSockets shows a resource. */
export interface EnvelopeSettings {
  /** The member `model` in pushed events: `vec.question`. Default: the name of the resource. */
  readonly label?: string
  /** The name of the stream. Default: the name of the resource. */
  readonly stream?: string
  /** Rows per page of `list`. Default: as in the resource, else as in the API. */
  readonly page?: number
  /** The order of `list`: names of fields, with `-` before those that descend. Default: by id. */
  readonly sort?: readonly string[]
  /** The unique field whose value clients send as `pk`. Default: the id. Subscriptions and pushed events always use the id. */
  readonly lookup?: string
  /** The allowed operations. Default: all, or only those that read if the resource is read-only. */
  readonly operations?: readonly EnvelopeOperation[]
}

const NAME = 'envelope'

/**
 * Settings of a resource for the envelope.
 * @example
 * resource({ id: t.id(), text: t.text() }).with(envelope({ stream: 'questions', page: 10 }))
 */
export function envelope(settings: EnvelopeSettings): Extension {
  return { name: NAME, settings: settings as Extension['settings'] }
}

/** The envelope's settings of a resource. */
export function envelopeOf({ extensions }: { readonly extensions?: Extensions }): EnvelopeSettings {
  return extensions?.[NAME] ?? {}
}

/** The sort keys of `list`. */
export function sortOf({ sort = [] }: EnvelopeSettings): SortKey[] {
  return sort.map(word => ({ path: [word.replace(/^-/, '')], descending: word.startsWith('-') }))
}

export type EnvelopeOperation = 'create' | 'retrieve' | 'list' | 'update' | 'patch' | 'delete' | 'subscribe'

const operations: readonly string[] = ['create', 'retrieve', 'list', 'update', 'patch', 'delete', 'subscribe']

/** Notes faults of the settings. */
export function checkEnvelopes(defs: Defs, note: Note): void {
  const streams = new Map<string, string>()
  for (const [name, def] of defs) {
    if (def.path === null) continue
    const settings = envelopeOf(def)
    const stream = settings.stream ?? name
    const other = streams.get(stream)
    if (other !== undefined) note(name, `has the stream "${stream}", which is that of ${other}`, 'give it another name')
    streams.set(stream, name)
    checkSettings(name, def, settings, note)
  }
}

function checkSettings(
  name: string,
  def: ResourceDef,
  { page, sort = [], lookup, operations: given }: EnvelopeSettings,
  note: Note,
): void {
  for (const operation of given ?? []) {
    if (!operations.includes(operation))
      note(name, `has the envelope operation "${operation}"`, instead(operation, operations))
  }
  if (page !== undefined && (!Number.isInteger(page) || page < 1))
    note(name, `has pages of ${page} rows`, 'write 1 or more')
  for (const { path } of sortOf({ sort })) {
    const field = def.fields[path[0]!]
    if (!field)
      note(name, `is sorted by "${path[0]}", which it does not have`, instead(path[0]!, Object.keys(def.fields)))
    else if (field.is !== 'scalar')
      note(name, `is sorted by "${path[0]}", which is not a value`, 'sort by fields with a value of their own')
  }
  if (lookup === undefined || lookup === declaredIdName(def)) return
  const field = def.fields[lookup]
  if (!field)
    note(name, `is looked up by "${lookup}", which it does not have`, instead(lookup, Object.keys(def.fields)))
  else if (field.is !== 'scalar' || !field.unique) {
    note(name, `is looked up by "${lookup}", which several rows may share`, `make it unique: ${lookup}: t.….unique()`)
  }
}
