import { Refused } from './refused.ts'
import type { Read, ScalarType } from '../scalar-type.ts'
import type { Value } from '../value.ts'

/**
 * How input is read. Where a value comes from decides it, not the face: the core reads exact JSON and text; dialects have
 * modes of their own.
 */
export interface InputMode extends Manners {
  readonly name: string
  /**
   * The canonical value, or why there is none. Null is for the caller to judge, who knows whether the field may be null.
   * Never throws, and gives back the value itself where it is canonical already.
   */
  readonly read: (type: ScalarType, value: unknown) => Value | Refused
}

/** What a body may hold, whatever its values are. */
export interface Manners {
  /** Members that the resource does not have. */
  readonly unknown: 'refuse' | 'ignore'
  /** Members that clients may not set: `compare` takes what is so already (GET → edit → PUT). */
  readonly readonly: 'compare' | 'refuse' | 'ignore'
  /** Whether a relation that is `readonly` on one side may be set from the other. */
  readonly readonlyIsOneSided: boolean
  /** Whether a to-one takes a list of one element or of none, and a to-many takes null. */
  readonly looseRelations: boolean
  /** Whether a JSON field takes an object as a merge patch of its own (RFC 7396). */
  readonly merges: boolean
  /** Whether null for a field that may not be null stands for its default. */
  readonly nullIsDefault: boolean
  /** Whether values that the declaration gives, as defaults, are read by the mode as well. */
  readonly readsDefaults: boolean
}

const strict: Manners = {
  unknown: 'refuse',
  readonly: 'compare',
  readonlyIsOneSided: false,
  looseRelations: false,
  merges: false,
  nullIsDefault: true,
  readsDefaults: false,
}

/** Exact JSON types. */
export const jsonMode: InputMode = Object.freeze({
  ...strict,
  name: 'json',
  read: (type: ScalarType, value: unknown) => type.check(value),
  merges: true,
})

/** Text, parsed by the declared type from its one canonical spelling: segments of paths, queries, forms, CSV. */
export const textMode: InputMode = Object.freeze({
  ...strict,
  name: 'text',
  read: (type: ScalarType, value: unknown) => type.readText(value),
})

/** How values are converted, by the name of their type; those of other types are left for its check to judge. */
export type Conversions = Readonly<Record<string, (value: unknown, type: ScalarType) => unknown>>

/**
 * A mode that converts values before the type's check judges them. What a type says of the mode itself, among its
 * `coercions`, comes first; readers are made once for each type.
 */
export function defineMode(name: string, conversions: Conversions, manners: Partial<Manners> = {}): InputMode {
  const readers = new WeakMap<ScalarType, Read>()
  const readerOf = (type: ScalarType): Read => {
    let read = readers.get(type)
    if (!read) readers.set(type, (read = makeReader(type)))
    return read
  }
  const makeReader = (type: ScalarType): Read => {
    const { check, list } = type
    const judge: Read = list ? value => list.check(value, readerOf(list.item)) : check
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
