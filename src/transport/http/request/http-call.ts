import type { Arguments, Call, Conditions, HistoryRange, Operation, Principal } from '../../../engine/call/call.ts'
import type { Reception, Upload } from '../../../engine/files/reception.ts'
import type { Action, Field, Id, Resource, ScalarField, Value } from '../../../model/model.ts'
import { plainShape, type Query, type Shape } from '../../../query/predicate.ts'
import type { Credentials } from '../../../auth/principal.ts'
import type { Maybe } from '../../../store/work.ts'
import type { Exchange } from '../exchange.ts'
import { json, type Format } from '../response/negotiate.ts'
import type { Parameter } from './parameters.ts'
import { noPreferences, type Preferences } from './prefer.ts'
import type { Endpoint } from '../routes.ts'
import type { InputMode } from '../../../schema/read/input-mode.ts'

const none: readonly Parameter[] = Object.freeze([])

/**
 * A call while it is decoded, with what its answer needs to know of the request: the one object that a request costs beside
 * its exchange. It has fields only, no accessors: calls are copied (`{ ...call, input }`), and a copy would lack those.
 */
export class HttpCall implements Call {
  readonly exchange: Exchange
  endpoint: Endpoint | null = null
  operation: Operation = 'get'
  id: Id | null = null
  parent: { readonly resource: Resource; readonly id: Id; readonly field: Field } | null = null
  query: Query | null = null
  shape: Shape = plainShape
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
  returning = false
  lenient = false
  /** Known once the URI is resolved, so before an engine sees the call. */
  resource!: Resource
  readonly credentials: Credentials

  constructor(exchange: Exchange, mode: InputMode) {
    this.exchange = exchange
    this.credentials = exchange
    this.mode = mode
  }

  prefer(preferences: Preferences): void {
    this.prefers = preferences
    this.returning = preferences.return === 'representation'
    this.lenient = preferences.lenient
  }
}
