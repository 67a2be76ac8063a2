import type {
  Arguments,
  Call,
  Conditions,
  EarlierPosition,
  HistoryRange,
  Operation,
  Principal,
} from '../../engine/call/call.ts'
import type { Reception, Upload } from '../../engine/files/reception.ts'
import type { Action, Field, Id, Resource, ScalarField, Value } from '../../model/model.ts'
import { plainShape, type Query, type Shape } from '../../query/predicate.ts'
import type { Credentials } from '../../auth/principal.ts'
import type { Maybe } from '../../store/work.ts'
import type { Exchange } from './exchange.ts'
import { jsonFormat, type Format } from './format.ts'
import type { Parameter } from './request/parameters.ts'
import { noPreferences, type Preferences } from './request/prefer.ts'
import type { Endpoint } from './endpoint.ts'
import type { InputMode } from '../../schema/read/input-mode.ts'

const none: readonly Parameter[] = Object.freeze([])

/**
 * A call while it is decoded, with what the response needs to know about the request. It is the only object that a request
 * costs besides its exchange. It has no accessors, because calls are copied by spreading (`{ ...call, input }`), and a copy
 * would lack them.
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
  /** Whether it counts as a request in progress. */
  admitted = false
  /** The client's address. Only set if rate limits need it. */
  address: string | undefined = undefined
  key: Readonly<Record<string, Value>> | null = null
  action: Action | null = null
  file: ScalarField | null = null
  receive: ((reception: Reception) => Promise<void>) | null = null
  uploads: readonly Upload[] | null = null
  arguments: (() => Maybe<Arguments>) | undefined = undefined
  idempotencyKey: string | null = null
  at: EarlierPosition | null = null
  history: HistoryRange | null = null
  format: Format = jsonFormat
  /** The parameters of the URI or of a QUERY body, for links. */
  parameters: readonly Parameter[] = none
  /** How the client spelled parameters that the core has other words for; null = as the core. */
  spelled: ReadonlyMap<string, string> | null = null
  prefers: Preferences = noPreferences
  pretty = false
  returning = false
  lenient = false
  /** Set when the URI has been resolved, before the engine sees the call. */
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
