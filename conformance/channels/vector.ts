/** The recorded cases of channels-api and of what dcrf-client needs (channels.json). */
export interface ChannelsCase {
  readonly name: string
  readonly profile?: string
  readonly note?: string
  readonly setup: SetupVector
  readonly steps: readonly Step[]
}

export interface SetupVector {
  readonly streams: Readonly<Record<string, StreamVector>>
  readonly rows?: readonly { readonly model: string; readonly values: Members }[]
  readonly pageSize?: number
  readonly defaultPermissions?: readonly PermissionVector[]
}

export type Members = Readonly<Record<string, unknown>>
export type PermissionVector =
  | string
  | { readonly allow?: readonly string[]; readonly allowPairs?: readonly (readonly [action: unknown, pk: unknown])[] }

export interface StreamVector {
  readonly model: string
  readonly fields?: readonly string[]
  readonly pkField?: string
  readonly order?: string | readonly string[] | null
  readonly base?: 'full' | 'readonly'
  readonly permissions?: readonly PermissionVector[]
  readonly customActions?: readonly ActionVector[]
  readonly filter?: Members | null
  readonly lookupField?: string | null
  readonly rejectText?: string | null
  readonly objectRule?: boolean | null
}

export interface ActionVector {
  readonly method: string
  readonly name?: string | null
  readonly scope: 'list' | 'detail'
  readonly do: string
  readonly value?: unknown
  readonly status?: number
  readonly field?: string
  readonly exception?: string
  readonly detail?: unknown
}

export interface Step {
  readonly client?: string
  readonly connect?: boolean
  readonly accepted?: boolean
  readonly disconnect?: boolean
  readonly reconnect?: boolean
  readonly login?: string | null
  readonly send?: unknown
  readonly sendText?: string
  readonly sendBinary?: unknown
  /** What a client sends by itself, as dcrf-client does when it is connected again. */
  readonly clientSends?: unknown
  /** The ancestor was silent, and its log said this. */
  readonly serverError?: string
  readonly expect?: readonly Members[]
  readonly unordered?: boolean
  readonly orm?: OrmVector
  readonly rows?: string
  readonly expectRows?: readonly Members[]
  readonly log?: readonly unknown[]
  readonly availableActions?: string
  readonly expectActions?: readonly string[]
  /** A message of some other server, to a client. */
  readonly push?: unknown
}

/** A write of the server itself. */
export interface OrmVector {
  readonly op: string
  readonly model: string
  readonly pk?: string | number
  readonly values?: unknown
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** The words of the format, by what they are said of. */
export const words: Readonly<
  Record<'case' | 'setup' | 'row' | 'stream' | 'action' | 'orm' | 'step', ReadonlySet<string>>
> = {
  case: set(
    'name lib profile source confirmed confirmedScope disputed readmeVersion quirk note silent setup steps clientResult',
  ),
  setup: set('streams rows pageSize defaultPermissions note'),
  stream: set(
    'model fields pkField order base permissions customActions filter lookupField rejectText objectRule note',
  ),
  action: set('method name scope do value status field exception detail'),
  row: set('model values'),
  orm: set('op model pk values'),
  step: set(
    'client connect accepted disconnect reconnect login send sendText sendBinary clientSends serverError expect unordered orm rows expectRows log availableActions expectActions push note clientResult',
  ),
}
