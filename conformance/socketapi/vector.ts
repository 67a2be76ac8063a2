/** The recorded cases of Flask-SocketAPI (socketapi.json). */
export interface SocketApiCase {
  readonly name: string
  readonly setup: SetupVector
  readonly steps: readonly Step[]
}

export interface SetupVector {
  readonly handlers?: readonly HandlerVector[]
  /** One of the ancestor's examples instead of handlers. */
  readonly example?: unknown
  readonly store?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly debug?: boolean
  readonly namespace?: string | null
}

export interface HandlerVector {
  readonly kind: 'creator' | 'getter' | 'patcher' | 'deleter'
  readonly rule: string
  readonly do: string
  readonly collection?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly key?: string
  /** The name under which the key of a new row is put into it; true = `id`. */
  readonly withId?: string | boolean
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
  /** What the original only logged: its client heard nothing of it. */
  readonly serverException?: unknown
  readonly expect?: readonly Event[]
  readonly unordered?: boolean
  /** Names of values that the server chooses, or where they are in what was heard. */
  readonly capture?: string | readonly string[] | Readonly<Record<string, string>>
  /** Paths in an event that differ from language to language. */
  readonly portable?: Readonly<Record<string, string>>
  readonly rooms?: readonly string[]
  readonly store?: string
  readonly expectStore?: Readonly<Record<string, unknown>>
  readonly log?: readonly unknown[]
  readonly registration?: readonly { readonly kind: string; readonly rule: string; readonly message: string }[]
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** The words of the format, by what they are said of. */
export const words: Readonly<Record<'case' | 'setup' | 'handler' | 'step' | 'send', ReadonlySet<string>>> = {
  case: set('name lib profile source confirmed disputed readmeVersion quirk note silent setup steps'),
  setup: set('handlers example store debug namespace'),
  handler: set(
    'kind rule do collection params key withId fields value error message status as set unset returns endpoint note',
  ),
  send: set('event args'),
  step: set(
    'client connect disconnect namespace send wantAck ack serverException expect unordered capture portable rooms store expectStore log registration note quirk',
  ),
}
