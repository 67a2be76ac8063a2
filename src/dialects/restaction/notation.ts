import type { Notation, NotationScope, NoteFault } from '../../schema/notation.ts'
import type { Schema } from '../../schema/schema.ts'
import { marks, parseDocs, type DocsMembers } from './docs.ts'
import { readArguments } from './read-arguments.ts'
import { textSchema } from './text-schema.ts'
import { SchemaError } from './text/schema-error.ts'
import { compileShared, type Shared } from './text/text.ts'
import type { Validators } from './text/validator.ts'

/**
 * The notation of restaction: schema texts (`int(0,9)&optional`), and documentation texts with `$input`, `$output`, `$error`
 * and `$shared`.
 */
export function restactionNotation(validators: Validators = {}): Notation {
  return {
    api: (text, note) => {
      const members = read(text, 'api', '', note)
      return scopeOf(members, sharedIn(members), validators, '$shared', note)
    },
  }
}

type SharedTexts = Readonly<Record<string, unknown>>

/** Makes a scope. `texts` are compiled in order and may refer to each other. */
function scopeOf(
  members: DocsMembers,
  texts: SharedTexts,
  validators: Validators,
  place: string,
  note: NoteFault,
): NotationScope {
  const shared = compiled(texts, validators, place, note)
  const compile = (declared: unknown, at: string, noteHere: NoteFault): Schema | null => {
    try {
      return textSchema(declared, { place: at, shared, validators })
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      for (const { message, position, fix } of error.faults) noteHere(position === '' ? at : position, message, fix)
      return null
    }
  }
  return {
    docs: docsOf(members),
    resource: (text, at, noteHere) => {
      const own = read(text, 'resource', at, noteHere)
      // Faults are reported where the text was written. Those of the API's text have been reported already.
      return scopeOf(own, { ...texts, ...sharedIn(own) }, validators, `${at}.$shared`, noteHere)
    },
    action: (text, at, noteHere) => {
      const own = read(text, 'action', at, noteHere)
      const schemaOf = (mark: string) => () => compile(own[mark], `${at}.${mark}`, noteHere)
      return {
        ...docsOf(own),
        ...(Object.hasOwn(own, '$input') ? { input: schemaOf('$input') } : {}),
        ...(Object.hasOwn(own, '$output') ? { output: schemaOf('$output') } : {}),
        errors: isMap(own['$error']) ? own['$error'] : {},
      }
    },
    compile,
    manner: ({ input, output, standalone, strict }) => {
      const isLenient = input ? input.kind === 'notation' : standalone && !strict
      const isOurs = isLenient || output?.kind === 'notation'
      return { reader: isLenient ? readArguments : null, fault: isOurs ? { error: 'ServerError' } : {} }
    },
  }
}

function docsOf(members: DocsMembers): NotationScope['docs'] {
  const description = members['$desc']
  return Object.freeze({
    description: typeof description === 'string' ? description : '',
    members: Object.freeze(members),
  })
}

function read(text: string | null, kind: keyof typeof marks, place: string, note: NoteFault): DocsMembers {
  try {
    return parseDocs(text, marks[kind])
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    for (const { message, fix } of error.faults) note(place === '' ? 'docs' : place, message, fix)
    return {}
  }
}

function sharedIn(members: DocsMembers): SharedTexts {
  const shared = members['$shared']
  return isMap(shared) ? shared : {}
}

function compiled(texts: SharedTexts, validators: Validators, place: string, note: NoteFault): Shared {
  try {
    return compileShared(texts, { validators, place })
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    for (const { message, position, fix } of error.faults) note(position, message, fix)
    return compileShared({})
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
