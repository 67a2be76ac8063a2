import type { Definitions, Named } from './functions.ts'

/** The format of the recorded blargh files: models, cases and steps as the recorder wrote them. */

export interface BlarghFile {
  readonly format: number
  readonly quirks: Readonly<Record<string, string>>
  readonly functions?: Definitions
  readonly models: Readonly<Record<string, Omit<ModelVector, 'functions'>>>
  readonly cases: readonly CaseVector[]
}

export interface ModelVector {
  readonly name: string
  readonly objects: readonly ObjectVector[]
  /** The functions that its fields name, read from their definitions. */
  readonly functions: Readonly<Record<string, Named>>
}

export interface ObjectVector {
  readonly name: string
  /** Internal name of the primary key. */
  readonly pkey: string
  readonly fields: readonly FieldVector[]
}

interface CommonVector {
  readonly name: string
  readonly ext_name: string
  readonly readonly: boolean
  readonly hidden: boolean
  readonly writable: boolean | { readonly fn: string }
  readonly default: unknown
}

export type ScalarTypeName = 'int' | 'float' | 'str' | 'bool' | 'list' | 'dict' | null

export interface ScalarVector extends CommonVector {
  readonly kind: 'scalar'
  readonly pkey: boolean
  readonly type: ScalarTypeName
}

export interface CalcVector extends CommonVector {
  readonly kind: 'calc'
  readonly getter: string | null
  readonly setter: string | null
}

export interface RelVector extends CommonVector {
  readonly kind: 'rel'
  readonly stores: string
  readonly multi: boolean
  readonly cascade: boolean
  /** Internal name of the connected field on `stores`; null = one-way. */
  readonly other: string | null
}

export type FieldVector = ScalarVector | CalcVector | RelVector

/** Rows by object name; members by internal name in `stored`, by external name in a dump. */
export type Rows = Readonly<Record<string, readonly Members[]>>
export type Members = Readonly<Record<string, unknown>>

export interface CaseVector {
  readonly name: string
  readonly model: string
  readonly seed: { readonly stored: Rows; readonly last_id: Readonly<Record<string, number>> }
  readonly steps: readonly StepVector[]
  readonly note?: string
}

export type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete'

export interface Arguments {
  readonly name: string
  readonly id?: unknown
  readonly data?: unknown
  readonly filter?: unknown
  readonly depth?: unknown
  readonly sort?: unknown
  readonly limit?: unknown
  readonly auth?: unknown
}

export interface RequestStep {
  readonly op: Verb
  readonly args: Arguments
  readonly expect: Recorded
  /** The answer with the defects F1–F7 repaired, where it differs. */
  readonly fixed?: Recorded
  readonly quirks?: readonly string[]
}

export type StepVector =
  | RequestStep
  | { readonly op: 'model'; readonly args: { readonly model: string } }
  | { readonly op: 'replace_storage'; readonly args: { readonly stored: Rows } }

export interface Recorded {
  readonly status?: number
  readonly body?: unknown
  readonly dump?: Rows
  readonly stored?: Rows
  readonly crash?: { readonly type: string; readonly message: string }
}

export interface HttpFile extends Omit<BlarghFile, 'cases'> {
  readonly cases: readonly HttpCase[]
}

export interface HttpCase {
  readonly name: string
  readonly model: string
  /** Prefix of every URL; null where the note says how objects are routed. */
  readonly base: string | null
  readonly seed: CaseVector['seed']
  readonly steps: readonly HttpStep[]
  readonly note?: string
}

export interface HttpStep {
  readonly method: string
  /** Not percent-encoded. */
  readonly url: string
  readonly body?: string
  readonly contentType?: string
  readonly expect: HttpRecorded
  readonly fixed?: HttpRecorded
  /** The answer of the same layer when it does not debug. */
  readonly production?: HttpRecorded
}

export interface HttpRecorded {
  readonly status?: number
  readonly contentType?: string
  readonly json?: unknown
  readonly text?: string
  readonly allow?: readonly string[]
  readonly raised?: string
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))
type Place = 'case' | 'seed' | 'step' | 'args' | 'expect' | 'httpCase' | 'httpStep' | 'httpExpect'

/** The words of the formats, by what they are said of. */
export const words: Readonly<Record<Place, ReadonlySet<string>>> = {
  case: set('name model seed steps crash quirks note source confirmed'),
  seed: set('stored last_id'),
  step: set('op args expect fixed quirks note'),
  args: set('name id data filter depth sort limit auth model stored'),
  expect: set('status body dump stored crash note'),
  httpCase: set('name model base seed steps quirks note source confirmed'),
  httpStep: set('method url body contentType expect fixed production quirks note'),
  httpExpect: set('status contentType json text allow raised note'),
}
