import type { Value } from '../../../schema/field.ts'
import { builtin } from './validators/builtin.ts'
import type { ScalarNode, TextNode } from './node.ts'
import { bindParameters } from './parameters.ts'
import { FAIL, openReport, type TextCheck } from './report.ts'
import type { NoteTextFault } from './schema-error.ts'
import { isSyntaxFault, parseValidator, type ValidatorText } from './syntax.ts'
import type { ParameterKind, Parameters, Validator, Validators } from './validator.ts'

/** The names that a text may use beside the built-in validators. */
export interface KnownNames {
  /** null = there is such a schema, but it is faulty, which has been noted. */
  readonly shared: ReadonlyMap<string, TextNode | null>
  readonly validators: Validators
}

/** Parameters that every node may have. */
export const described: Readonly<Record<string, ParameterKind>> = { optional: 'flag', desc: 'any' }
const common: Readonly<Record<string, ParameterKind>> = { ...described, default: 'any' }

/** Splits a validator string. Faults of its grammar are noted. */
export function parseValidatorText(text: string, note: NoteTextFault): ValidatorText | null {
  const parsed = parseValidator(text)
  if (!isSyntaxFault(parsed)) return parsed
  note(`invalid syntax in col ${parsed.column} of '${text}'`, `${parsed.wanted} is wanted there`)
  return null
}

/** Reads a validator or a reference. null = there was a fault, which is noted. */
export function parseScalar(text: string, scope: KnownNames, note: NoteTextFault): TextNode | null {
  const parsed = parseValidatorText(text, note)
  return parsed && scalarOf(parsed, null, scope, note)
}

/** Reads a text that is already split. The description that a dict gives to its field wins over `&desc`. */
export function scalarOf(
  parsed: ValidatorText,
  desc: string | null,
  scope: KnownNames,
  note: NoteTextFault,
): TextNode | null {
  if (parsed.refers.length) return parseRefer(parsed, desc, scope, note)
  const name = parsed.name ?? 'None'
  const validator = validatorOf(name, scope)
  if (validator === null) {
    const known = [...Object.keys(scope.validators), ...Object.keys(builtin)].join(', ')
    note(`validator '${name}' not found`, `there are ${known}; a dict or a list is written as one`)
    return null
  }
  const all = bindParameters(name, knownOf(validator), Object.keys(validator.params), parsed, note)
  return all && validated(name, validator, all, desc, note)
}

const known = new WeakMap<Validator, Readonly<Record<string, ParameterKind>>>()

function knownOf(validator: Validator): Readonly<Record<string, ParameterKind>> {
  let all = known.get(validator)
  if (!all) known.set(validator, (all = { ...validator.params, ...common }))
  return all
}

function validatorOf(name: string, scope: KnownNames): Validator | null {
  if (Object.hasOwn(scope.validators, name)) return scope.validators[name]!
  return Object.hasOwn(builtin, name) ? builtin[name]! : null
}

function validated(
  name: string,
  validator: Validator,
  all: Parameters,
  desc: string | null,
  note: NoteTextFault,
): ScalarNode | null {
  const { optional = false, default: written = null, desc: own = null, ...params } = all
  // An empty string cannot be a default of strings, because it would count as empty again.
  const standard = validator.string && written === '' ? null : freeze(written)
  const check = checkWith(name, validator, params, note)
  if (check === null) return null
  if (standard !== null && check(standard, openReport(1)) === FAIL) {
    note(`invalid default value ${repr(standard)}`, `a default must be fit for ${name} itself`)
    return null
  }
  const said = desc ?? (typeof own === 'string' ? own : null)
  return { is: 'scalar', name, validator, params, check, optional: optional === true, default: standard, desc: said }
}

function checkWith(name: string, validator: Validator, params: Parameters, note: NoteTextFault): TextCheck | null {
  try {
    return validator.check(params)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    note(error.message, `see the parameters of ${name}`)
    return null
  }
}

function parseRefer(
  parsed: ValidatorText,
  desc: string | null,
  scope: KnownNames,
  note: NoteTextFault,
): TextNode | null {
  const [to = '', ...more] = parsed.refers
  if (parsed.name !== null) {
    note("refer and validator can't both exist", `write @${to} or ${parsed.name}`)
    return null
  }
  if (more.length) {
    note('multi refers not allowed', `only $self merges: {"$self@${parsed.refers.join('@')}": "…"}`)
    return null
  }
  const target = sharedOf(to, scope, note)
  // All other parameters of a reference are ignored.
  return target && { is: 'refer', to, target, optional: flagOf(parsed, 'optional'), desc }
}

function flagOf(parsed: ValidatorText, name: string): boolean {
  const only: ValidatorText = {
    ...parsed,
    args: [],
    params: new Map([...parsed.params].filter(([key]) => key === name)),
  }
  return bindParameters('', described, [], only, () => {})?.[name] === true
}

/** A shared schema that was declared before. null = there was a fault, which is noted. */
export function sharedOf(name: string, scope: KnownNames, note: NoteTextFault): TextNode | null {
  const node = scope.shared.get(name)
  if (node !== undefined) return node
  const known = [...scope.shared.keys()].join(', ')
  note(`shared '${name}' not found`, known ? `those before it are ${known}` : 'nothing is shared before it')
  return null
}

/** Freezes a default. It is returned as written, and to many callers. */
function freeze<T extends Value>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}

/** Writes a value as the messages of the original do. */
function repr(value: Value): string {
  if (typeof value === 'string') return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value}'`
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value === null) return 'None'
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value as Readonly<Record<string, Value>>)
  return `{${members.map(([name, one]) => `${repr(name)}: ${repr(one)}`).join(', ')}}`
}
