import type { Arguments, Call, Conditions, HistoryRange, InputMode, Operation, Principal } from '../../engine/call.ts'
import type { Reception, Upload } from '../../engine/files/reception.ts'
import type { Action, Field, Id, Resource, ScalarField, Value } from '../../model/model.ts'
import type { Query, Shape } from '../../query/predicate.ts'
import type { Credentials } from '../../auth/principal.ts'
import type { Maybe } from '../../store/work.ts'
import type { Exchange } from './exchange.ts'
import { json, type Format } from './negotiate.ts'
import type { Parameter } from './parameters.ts'
import { noPreferences, type Preferences } from './prefer.ts'
import type { Endpoint } from './routes.ts'

const plain: Shape = Object.freeze({ depth: 1, include: [], fields: null })
const none: readonly Parameter[] = Object.freeze([])

/**
 * A call while it is decoded, with what its answer needs to know of the request:
 * the one object that a request costs beside its exchange.
 */
export class HttpCall implements Call {
  readonly exchange: Exchange
  endpoint: Endpoint | null = null
  operation: Operation = 'get'
  id: Id | null = null
  parent: { readonly resource: Resource; readonly id: Id; readonly field: Field } | null = null
  query: Query | null = null
  shape: Shape = plain
  input: unknown = undefined
  mode: InputMode
  jsonPatch = false
  conditions: Conditions | null = null
  principal: Principal | null = null
  /** It counts among the requests under way. */
  admitted = false
  /** Known where rate limits need it. */
  address: string | undefined = undefined
  key: Readonly<Record<string, Value>> | null = null
  action: Action | null = null
  file: ScalarField | null = null
  receive: ((reception: Reception) => Promise<void>) | null = null
  uploads: readonly Upload[] | null = null
  arguments: (() => Maybe<Arguments>) | undefined = undefined
  idempotencyKey: string | null = null
  at: string | null = null
  history: HistoryRange | null = null
  format: Format = json
  /** Of the query and of a QUERY body; for links. */
  parameters: readonly Parameter[] = none
  prefers: Preferences = noPreferences
  pretty = false
  #resource: Resource | null = null

  constructor(exchange: Exchange, mode: InputMode) {
    this.exchange = exchange
    this.mode = mode
  }

  get credentials(): Credentials {
    return this.exchange
  }

  get returning(): boolean {
    return this.prefers.return === 'representation'
  }
  get lenient(): boolean {
    return this.prefers.lenient
  }

  /** Known once the URI is resolved, so before an engine sees the call. */
  get resource(): Resource {
    return this.#resource!
  }
  set resource(resource: Resource) {
    this.#resource = resource
  }
}
