import type { ResourceDef } from './declaration.ts'
import { instead, type Note } from './faults.ts'
import type { Defs } from './joins.ts'
import { idNameOf } from './names.ts'

/** How the WebSocket envelope `{ stream, payload }` shows a resource. */
export interface EnvelopeSettings {
  /** Default: the name of the resource. */
  readonly stream?: string
  /** Rows of a page of `list`. Default: the page of the resource, or of the API. */
  readonly page?: number
  /** The unique field whose value `pk` is. Default: the id. Subscriptions and pushes always speak of the id. */
  readonly lookup?: string
  /** Default: all, or those that read where the resource can only be read. */
  readonly operations?: readonly EnvelopeOperation[]
}

export type EnvelopeOperation = 'create' | 'retrieve' | 'list' | 'update' | 'patch' | 'delete' | 'subscribe'

const operations: readonly string[] = ['create', 'retrieve', 'list', 'update', 'patch', 'delete', 'subscribe']

/** Notes what cannot be served as it is said. */
export function checkEnvelopes(defs: Defs, note: Note): void {
  const streams = new Map<string, string>()
  for (const [name, def] of defs) {
    if (def.path === null) continue
    const stream = def.envelope?.stream ?? name
    const other = streams.get(stream)
    if (other !== undefined) note(name, `has the stream "${stream}", which is that of ${other}`, 'give it another name')
    streams.set(stream, name)
    if (def.envelope) checkSettings(name, def, def.envelope, note)
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
  if (lookup === undefined || lookup === idNameOf(def)) return
  const field = def.fields[lookup]
  if (!field) note(name, `is looked up by "${lookup}", which it has not`, instead(lookup, Object.keys(def.fields)))
  else if (field.is !== 'scalar' || !field.unique) {
    note(name, `is looked up by "${lookup}", which several rows may share`, `make it unique: ${lookup}: t.….unique()`)
  }
}
