/** The recorded cases of Flask-SocketAPI (socketapi.json). */
export interface SocketApiCase {
  readonly name: string
  readonly lib: string
  readonly setup: {
    readonly handlers: readonly HandlerVector[]
    readonly store: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    readonly debug?: boolean
    readonly namespace?: string
  }
  readonly steps: readonly Step[]
  readonly quirk?: string
  readonly disputed?: boolean
  readonly readmeVersion?: string
}

export interface HandlerVector {
  readonly kind: 'creator' | 'getter' | 'patcher' | 'deleter'
  readonly rule: string
  readonly do: string
  readonly collection?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly key?: string
  readonly fields?: readonly string[]
  readonly value?: unknown
  readonly error?: string
  readonly message?: string
  readonly status?: number
  readonly as?: string
  readonly set?: Readonly<Record<string, unknown>>
  readonly unset?: readonly string[]
  readonly returns?: unknown
}

export interface Event {
  readonly event: string
  readonly args: readonly unknown[]
}

export interface Step {
  readonly client?: string
  readonly connect?: boolean
  readonly disconnect?: boolean
  readonly namespace?: string
  readonly send?: Event
  readonly wantAck?: boolean
  readonly ack?: readonly unknown[]
  readonly expect?: readonly Event[]
  readonly rooms?: readonly string[]
  readonly store?: string
  readonly expectStore?: Readonly<Record<string, unknown>>
  readonly log?: readonly unknown[]
  readonly registration?: readonly { readonly kind: string; readonly rule: string; readonly message: string }[]
}
