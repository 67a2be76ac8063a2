/** The format of restaction.json: applications of flask-restaction, and requests to them, as the recorder wrote them. */
export interface RestactionFile {
  readonly cases: readonly CaseVector[]
}

export interface CaseVector {
  readonly name: string
  readonly app: AppVector
  readonly steps?: readonly StepVector[]
  /** The application cannot be declared. */
  readonly expect?: { readonly registrationError: StartError }
}

export interface StartError {
  readonly type: string
  readonly message: string
  readonly position: string | null
}

/** An application. */
export interface AppVector {
  readonly resources?: readonly ResourceVector[]
  readonly docs?: string
  readonly meta?: MetaVector
  readonly config?: { readonly SECRET_KEY?: string; readonly API_URL_PREFIX?: string }
  /** Where meta data and documentation are; as a resource of its own, which roles guard, at `/docs`. */
  readonly meta_route?: string
  readonly docs_resource?: boolean
  readonly validators?: readonly string[]
  readonly exporters?: readonly string[]
  readonly auth?: { readonly role_field: string; readonly guest: string }
  readonly blueprint?: { readonly name?: string; readonly url_prefix: string }
  readonly before_request?: readonly { readonly returns?: unknown }[]
  readonly after_request?: readonly { readonly suffix?: string; readonly header?: readonly [string, string] }[]
  readonly error_handler?: { readonly prefix?: string; readonly none?: true }
}

/** Content of a meta file. */
export interface MetaVector {
  readonly $auth?: { readonly header?: string | null; readonly cookie?: string | null; readonly algorithm?: string }
  readonly $roles?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly [word: string]: unknown
}

export interface ResourceVector {
  readonly name: string
  readonly doc?: string | null
  readonly actions: Readonly<Record<string, { readonly doc?: string | null; readonly handler: HandlerVector }>>
}

/** A kind of handler, with its argument, and further words of that kind. */
export type HandlerVector = Readonly<Record<string, unknown>>

export interface StepVector {
  readonly request: RequestVector
  /** When it is. */
  readonly at?: string
  /** A token that is made for the request. */
  readonly sign?: SignVector
  /** Names of tokens that went out before. */
  readonly save?: string
  readonly use?: string
  readonly useCookie?: string
  readonly expect: Expected
}

export interface RequestVector {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
}

export interface SignVector {
  readonly payload: Readonly<Record<string, unknown>>
  readonly key?: string
  readonly alg?: string
  readonly prefix?: string
  readonly headers?: Readonly<Record<string, unknown>>
}

/** What an answer has to be; absent members are not compared. */
export interface Expected {
  readonly status: number
  readonly contentType?: string
  readonly body?: unknown
  readonly rawBody?: string
  readonly text?: string
  readonly bodyStartsWith?: string
  readonly bodyLength?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** null = none goes out. */
  readonly token?: {
    readonly payload: unknown
    readonly header: unknown
    readonly inHeader: boolean
    readonly inCookie: boolean
  } | null
  /** It is a page of the host framework, which is no part of the contract. */
  readonly bodyNote?: string
  /** Of departures: members of which only those of `body` are compared; the others are additions. */
  readonly isSubset?: boolean
  /** Of departures: another request, of another application perhaps, which has to be answered the same. */
  readonly like?: { readonly app?: AppVector; readonly step: StepVector }
}

const set = (...lines: readonly string[]): ReadonlySet<string> => new Set(lines.flatMap(line => line.split(' ')))

type Place =
  | 'case'
  | 'start'
  | 'app'
  | 'config'
  | 'auth'
  | 'blueprint'
  | 'resource'
  | 'action'
  | 'step'
  | 'request'
  | 'sign'
  | 'expect'
  | 'token'
  | 'response'

/** The words of the format, by what they are said of. */
export const words: Readonly<Record<Place, ReadonlySet<string>>> = {
  case: set('name app steps expect note confirmed source'),
  app: set(
    'resources docs meta config meta_route docs_resource validators exporters auth blueprint',
    'before_request after_request error_handler',
  ),
  start: set('registrationError'),
  config: set('SECRET_KEY API_URL_PREFIX'),
  auth: set('role_field guest'),
  blueprint: set('name url_prefix'),
  resource: set('name doc actions'),
  action: set('doc handler'),
  response: set('body status mimetype headers'),
  token: set('payload header inHeader inCookie'),
  step: set('request at sign save use useCookie expect note'),
  request: set('method path headers json form body'),
  sign: set('payload key alg prefix headers'),
  expect: set('status contentType body rawBody text bodyStartsWith bodyLength headers token bodyNote note'),
}
