import { Refused } from './refused.ts'
import type { ReadValue, ScalarType } from '../scalar-type.ts'
import type { Value } from '../value.ts'

/**
 * How values of input are read. The source of a value decides this, not the protocol: the core reads exact JSON and text, and
 * dialects have modes of their own.
 */
export interface InputMode extends Manners {
  readonly name: string
  /**
   * Reads a value. Returns its canonical form, or why there is none. If the value is canonical already, it returns the value
   * itself. It never throws. It does not get null: the caller knows whether the field may be null.
   */
  readonly read: (type: ScalarType, value: unknown) => Value | Refused
}

/** How bodies are read, apart from their values. */
export interface Manners {
  /** Members that the resource does not have. */
  readonly unknown: 'refuse' | 'ignore'
  /** Members that clients may not set. `compare` accepts them if they are unchanged, so that a client can GET, edit and PUT. */
  readonly readonly: 'compare' | 'refuse' | 'ignore'
  /** Whether a relation that is `readonly` on one side may be set from the other side. */
  readonly readonlyIsOneSided: boolean
  /** Whether a to-one accepts a list of one element or none, and a to-many accepts null. */
  readonly looseRelations: boolean
  /** Whether a JSON field accepts an object as a merge patch of its own (RFC 7396). */
  readonly merges: boolean
  /** Whether null means the default, if the field may not be null. */
  readonly nullIsDefault: boolean
  /** Whether this mode also reads values of the declaration, such as defaults. */
  readonly readsDefaults: boolean
  /** Whether the application itself may set readonly and hidden fields. */
  readonly letsApplicationSetAll: boolean
  /** Whether a body may name rows that it creates, among them its own. */
  readonly letsBodyNameOwnRows: boolean
}

const strict: Manners = {
  unknown: 'refuse',
  readonly: 'compare',
  readonlyIsOneSided: false,
  looseRelations: false,
  merges: false,
  nullIsDefault: true,
  readsDefaults: false,
  letsApplicationSetAll: true,
  letsBodyNameOwnRows: true,
}

/** Reads exact JSON types. */
export const jsonMode: InputMode = Object.freeze({
  ...strict,
  name: 'json',
  read: (type: ScalarType, value: unknown) => type.check(value),
  merges: true,
})

/** Reads text: segments of paths, queries, forms and CSV. The declared type parses it, and each value has only one spelling. */
export const textMode: InputMode = Object.freeze({
  ...strict,
  name: 'text',
  read: (type: ScalarType, value: unknown) => type.readText(value),
})

/** How values are converted, by the name of their type. Values of other types are left to the check of the type. */
export type Conversions = Readonly<Record<string, (value: unknown, type: ScalarType) => unknown>>

/**
 * Makes a mode that converts values before the type checks them. If the type has a coercion with the name of the mode, that is
 * used first. Readers are made once for each type.
 */
export function defineMode(name: string, conversions: Conversions, manners: Partial<Manners> = {}): InputMode {
  const readers = new WeakMap<ScalarType, ReadValue>()
  const readerOf = (type: ScalarType): ReadValue => {
    let read = readers.get(type)
    if (!read) readers.set(type, (read = makeReader(type)))
    return read
  }
  const makeReader = (type: ScalarType): ReadValue => {
    const { check, list } = type
    const judge: ReadValue = list ? value => list.check(value, readerOf(list.item)) : check
    const given = Object.hasOwn(conversions, type.name) ? conversions[type.name] : undefined
    const convert = type.coercions[name] ?? (given && ((value: unknown) => given(value, type)))
    if (!convert) return judge
    return value => {
      const converted = convert(value)
      return converted instanceof Refused ? converted : judge(converted)
    }
  }
  return Object.freeze({
    ...strict,
    ...manners,
    name,
    read: (type: ScalarType, value: unknown) => readerOf(type)(value),
  })
}
