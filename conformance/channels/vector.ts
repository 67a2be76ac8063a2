/** The recorded cases of channels-api and of what dcrf-client needs (channels.json). */
export interface ChannelsCase {
  readonly name: string
  readonly lib: string
  readonly profile: 'channels-api' | 'dcrf'
  readonly setup: {
    readonly streams: Readonly<Record<string, StreamVector>>
    readonly rows?: readonly { readonly model: string; readonly values: Members }[]
    readonly pageSize?: number
    readonly defaultPermissions?: readonly PermissionVector[]
  }
  readonly steps: readonly Step[]
  readonly quirk?: string
  readonly disputed?: boolean
}

export type Members = Readonly<Record<string, unknown>>
export type PermissionVector = string | { readonly allow?: readonly string[]; readonly allowPairs?: readonly unknown[] }

export interface StreamVector {
  readonly model: string
  readonly fields: readonly string[]
  readonly base?: 'full' | 'readonly'
  readonly permissions?: readonly PermissionVector[]
  readonly customActions?: readonly ActionVector[]
  readonly filter?: Members
  readonly lookupField?: string
  readonly rejectText?: string
  readonly objectRule?: boolean
}

export interface ActionVector {
  readonly method: string
  readonly name?: string
  readonly scope: 'list' | 'detail'
  readonly do: string
  readonly value?: unknown
  readonly status?: number
  readonly field?: string
  readonly exception?: string
}

export interface Step {
  readonly client?: string
  readonly connect?: boolean
  readonly disconnect?: boolean
  readonly login?: string
  readonly send?: unknown
  readonly sendText?: string
  readonly sendBinary?: unknown
  /** The ancestor was silent, and its log said this. */
  readonly serverError?: string
  readonly expect?: readonly unknown[]
  readonly unordered?: boolean
  readonly orm?: {
    readonly op: string
    readonly model: string
    readonly pk?: string | number
    readonly values?: unknown
  }
  readonly rows?: string
  readonly expectRows?: readonly Members[]
  readonly log?: readonly unknown[]
  readonly availableActions?: string
  readonly expectActions?: readonly string[]
  readonly push?: unknown
}
