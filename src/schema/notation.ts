import type { ErrorWords } from '../protocol/error.ts'
import type { ArgumentReader } from './read/arguments.ts'
import type { Schema } from './schema.ts'

/** Tells a fault of a declaration: its place, what is wrong, and what to do about it. */
export type NoteFault = (place: string, problem: string, fix: string) => void

/**
 * A notation of a dialect: how schemas of actions may be declared beside field builders and Standard Schemas, and how
 * documentation texts are read.
 */
export interface Notation {
  /** Reads the text of the API as a whole; null = there is none. */
  readonly api: (text: string | null, note: NoteFault) => NotationScope
}

/** What is known at one place: to the API, or to a resource of it. */
export interface NotationScope {
  readonly docs: Docs
  /** Reads the text of a resource, which may add to what is known. */
  readonly resource: (text: string | null, place: string, note: NoteFault) => NotationScope
  readonly action: (text: string | null, place: string, note: NoteFault) => ActionDocs
  /** Compiles a schema; its faults are noted, and then there is none. */
  readonly compile: (declared: unknown, place: string, note: NoteFault) => Schema | null
  /** How an action is called over HTTP, and its faults are told, other than usual. */
  readonly manner: (action: ActionOutline) => ActionManner
}

/** What a documentation text says. */
export interface Docs {
  /** CommonMark; empty if there is none. */
  readonly description: string
  /** Everything, under the words of the notation. */
  readonly members: Readonly<Record<string, unknown>>
}

export interface ActionDocs extends Docs {
  /** Compile the schemas that the text declares; absent if it has none. */
  readonly input?: () => Schema | null
  readonly output?: () => Schema | null
  /** By code: `404.NotFound` → what it means. */
  readonly errors: Readonly<Record<string, unknown>>
}

/** What of an action decides its manner. */
export interface ActionOutline {
  readonly input: Schema | null
  readonly output: Schema | null
  /** It belongs to a resource that is only actions. */
  readonly standalone: boolean
  /** It was declared to be read as strictly as everything else. */
  readonly strict: boolean
}

export interface ActionManner {
  /** Reads the arguments of an HTTP request; null = as usual, where nothing is ignored. */
  readonly reader: ArgumentReader | null
  /** Words of the problem document when its answer does not fit. */
  readonly fault: ErrorWords
}

const usual: ActionManner = Object.freeze({ reader: null, fault: Object.freeze({}) })

/** No notation: documentation texts are prose, and there are no schemas but those of builders and libraries. */
export const prose: Notation = Object.freeze({ api: scopeOf })

function scopeOf(text: string | null): NotationScope {
  return {
    docs: docsOf(text),
    resource: scopeOf,
    action: own => ({ ...docsOf(own), errors: {} }),
    compile: (_, place, note) => {
      note(place, 'is no schema', 'use field builders or a schema of a library with Standard Schema')
      return null
    },
    manner: () => usual,
  }
}

const docsOf = (text: string | null): Docs => ({ description: text?.trim() ?? '', members: {} })
