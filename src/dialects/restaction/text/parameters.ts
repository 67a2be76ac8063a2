import type { Value } from '../../../schema/field.ts'
import type { NoteTextFault } from './schema-error.ts'
import type { ValidatorText } from './syntax.ts'
import type { ParameterKind, Parameters } from './validator.ts'

const nouns: Readonly<Record<ParameterKind, string>> = { number: 'a number', flag: 'a flag', text: 'a string', any: '' }

const none: Parameters = Object.freeze({})

/**
 * Binds the parameters in a text to those that the validator knows. A value of the wrong type is a fault of the schema here;
 * the original only noticed it when a value was checked. null = there was a fault, which is noted.
 */
export function bindParameters(
  owner: string,
  known: Readonly<Record<string, ParameterKind>>,
  positional: readonly string[],
  text: ValidatorText,
  note: NoteTextFault,
): Parameters | null {
  if (text.args.length > positional.length) {
    note(
      `${owner} takes at most ${positional.length} arguments (${text.args.length} given)`,
      positional.length ? `its arguments are ${positional.join(', ')}` : 'leave the parentheses out',
    )
    return null
  }
  if (text.args.length === 0 && text.params.size === 0) return none
  const given = new Map<string, Value>()
  for (const [i, value] of text.args.entries()) given.set(positional[i]!, value)
  for (const [name, value] of text.params) {
    if (given.has(name)) {
      note(`${owner} got "${name}" twice`, `give it as an argument or as &${name}=…`)
      return null
    }
    given.set(name, value)
  }
  const out: Record<string, Value> = {}
  for (const [name, value] of given) {
    const kind = Object.hasOwn(known, name) ? known[name]! : null
    if (kind === null) {
      note(`${owner} has no parameter "${name}"`, `its parameters are ${Object.keys(known).join(', ')}`)
      return null
    }
    if ((kind === 'number' && typeof value !== 'number') || (kind === 'text' && typeof value !== 'string')) {
      note(`"${name}" of ${owner} is ${JSON.stringify(value)}`, `write ${nouns[kind]}`)
      return null
    }
    out[name] = kind === 'flag' ? isTrue(value) : value
  }
  return Object.freeze(out)
}

/** Whether a value is true in the sense of Python: null, zero and empty values are false. */
function isTrue(value: Value): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
