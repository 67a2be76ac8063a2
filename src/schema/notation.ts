import type { ErrorWords } from '../protocol/error.ts'
import type { ArgumentReader } from './read/arguments.ts'
import type { Schema } from './schema.ts'

/** Notes a fault of a declaration: its place, what is wrong, and what to do. */
export type NoteFault = (place: string, problem: string, fix: string) => void

/** A notation of a dialect: further ways to declare schemas of actions, and how documentation texts are read. */
export interface Notation {
  /** Reads the documentation text of the API. null = there is none. */
  readonly api: (text: string | null, note: NoteFault) => NotationScope
}

/** The names that are known in a text: those of the API, or also those of one resource. */
export interface NotationScope {
  readonly docs: Docs
  /** Reads the text of a resource, which may define further names. */
  readonly resource: (text: string | null, place: string, note: NoteFault) => NotationScope
  readonly action: (text: string | null, place: string, note: NoteFault) => ActionDocs
  /** Compiles a schema. null = it has faults, which are noted. */
  readonly compile: (declared: unknown, place: string, note: NoteFault) => Schema | null
  /** How an action is called over HTTP and how its faults are told, if that differs from the usual way. */
  readonly manner: (action: ActionOutline) => ActionManner
}

/** The content of a documentation text. */
export interface Docs {
  /** CommonMark. Empty = there is no text. */
  readonly description: string
  /** All parts of the text, by the words of the notation. */
  readonly members: Readonly<Record<string, unknown>>
}

export interface ActionDocs extends Docs {
  /** Compile the schemas in the text. Absent = the text has none. */
  readonly input?: () => Schema | null
  readonly output?: () => Schema | null
  /** The meanings of errors by code: `404.NotFound`. */
  readonly errors: Readonly<Record<string, unknown>>
}

/** The properties of an action on which its manner depends. */
export interface ActionOutline {
  readonly input: Schema | null
  readonly output: Schema | null
  /** Whether its resource has only actions. */
  readonly standalone: boolean
  /** Whether unknown arguments are refused, as everywhere else. */
  readonly strict: boolean
}

export interface ActionManner {
  /** Reads the arguments of an HTTP request. null = in the usual way, where nothing is ignored. */
  readonly reader: ArgumentReader | null
  /** The words of the problem document if its answer does not fit its schema. */
  readonly fault: ErrorWords
}

const usual: ActionManner = Object.freeze({ reader: null, fault: Object.freeze({}) })

/** The absence of a notation: documentation texts are prose, and schemas come from builders and libraries. */
export const prose: Notation = Object.freeze({ api: scopeOf })

function scopeOf(text: string | null): NotationScope {
  return {
    docs: docsOf(text),
    resource: scopeOf,
    action: own => ({ ...docsOf(own), errors: {} }),
    compile: (_, place, note) => {
      note(place, 'is not a schema', 'use field builders or a schema of a library with Standard Schema')
      return null
    },
    manner: () => usual,
  }
}

const docsOf = (text: string | null): Docs => ({ description: text?.trim() ?? '', members: {} })
