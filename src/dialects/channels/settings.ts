import type { ResourceDef } from '../../model/declare/declaration.ts'
import { instead, type Note } from '../../model/link/faults.ts'
import type { Defs } from '../../model/link/joins.ts'
import type { Extension, Extensions } from '../../model/declare/extension.ts'
import { declaredIdName } from '../../model/link/names.ts'

/** How the WebSocket envelope `{ stream, payload }` shows a resource. */
export interface EnvelopeSettings {
  /** `model` of what is pushed: `vec.question`. Default: the name of the resource. */
  readonly label?: string
  /** Default: the name of the resource. */
  readonly stream?: string
  /** Rows of a page of `list`. Default: the page of the resource, or of the API. */
  readonly page?: number
  /** The unique field whose value `pk` is. Default: the id. Subscriptions and pushes always speak of the id. */
  readonly lookup?: string
  /** Default: all, or those that read where the resource can only be read. */
  readonly operations?: readonly EnvelopeOperation[]
}

const NAME = 'envelope'

/**
 * Tells the envelope how to show a resource.
 *
 * @example resource({ … }).with(envelope({ stream: 'questions', page: 10 }))
 */
export function envelope(settings: EnvelopeSettings): Extension {
  return { name: NAME, settings: settings as Extension['settings'] }
}

/** What the envelope was told of a resource. */
export function envelopeOf({ extensions }: { readonly extensions?: Extensions }): EnvelopeSettings {
  return extensions?.[NAME] ?? {}
}

export type EnvelopeOperation = 'create' | 'retrieve' | 'list' | 'update' | 'patch' | 'delete' | 'subscribe'

const operations: readonly string[] = ['create', 'retrieve', 'list', 'update', 'patch', 'delete', 'subscribe']

/** Notes what cannot be served as it is said. */
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
  { page, lookup, operations: given }: EnvelopeSettings,
  note: Note,
): void {
  for (const operation of given ?? []) {
    if (!operations.includes(operation))
      note(name, `has the envelope operation "${operation}"`, instead(operation, operations))
  }
  if (page !== undefined && (!Number.isInteger(page) || page < 1))
    note(name, `has pages of ${page} rows`, 'write 1 or more')
  if (lookup === undefined || lookup === declaredIdName(def)) return
  const field = def.fields[lookup]
  if (!field) note(name, `is looked up by "${lookup}", which it has not`, instead(lookup, Object.keys(def.fields)))
  else if (field.is !== 'scalar' || !field.unique) {
    note(name, `is looked up by "${lookup}", which several rows may share`, `make it unique: ${lookup}: t.….unique()`)
  }
}
