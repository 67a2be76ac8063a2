import { castConversions } from './coerce-cast.ts'
import { drfConversions } from './coerce-drf.ts'
import { Refused } from './refused.ts'
import type { Read, ScalarType } from './scalar-type.ts'
import type { Value } from './value.ts'

export { Refused }

/**
 * Where a value comes from decides how it is read: `json` takes exact JSON types, `text` is parsed by the declared type
 * from its one canonical spelling, `cast` is blargh's reversible cast, `drf` is Django REST framework's.
 */
export type Mode = 'json' | 'text' | 'cast' | 'drf'

/** How a dialect converts values, by the name of their type; those of other types are left for the check to judge. */
export type Conversions = Readonly<Record<string, (value: unknown, type: ScalarType) => unknown>>

/**
 * The canonical value, or why there is none. Null is for the caller to judge, who knows whether the field may be null:
 * here only `json` takes it. Never throws, and gives back the value itself where it is canonical already.
 */
export function coerce(mode: Mode, type: ScalarType, value: unknown): Value | Refused {
  switch (mode) {
    case 'json':
      return type.check(value)
    case 'text':
      return type.readText(value)
    case 'cast':
    case 'drf':
      return readerOf(mode, type)(value)
  }
}

const dialects: Readonly<
  Record<'cast' | 'drf', { readonly of: Conversions; readonly readers: WeakMap<ScalarType, Read> }>
> = {
  cast: { of: castConversions, readers: new WeakMap() },
  drf: { of: drfConversions, readers: new WeakMap() },
}

function readerOf(mode: 'cast' | 'drf', type: ScalarType): Read {
  const { of, readers } = dialects[mode]
  let read = readers.get(type)
  if (!read) readers.set(type, (read = makeReader(mode, of, type)))
  return read
}

/** A dialect changes the JSON type of a value; whether it fits is for the type to say. */
function makeReader(mode: 'cast' | 'drf', conversions: Conversions, type: ScalarType): Read {
  const { check, list } = type
  const judge: Read = list ? value => list.check(value, readerOf(mode, list.item)) : check
  const own = type.coercions[mode]
  const given = Object.hasOwn(conversions, type.name) ? conversions[type.name] : undefined
  const convert = own ?? (given && ((value: unknown) => given(value, type)))
  return convert ? value => judged(convert(value), judge) : judge
}

const judged = (value: unknown, judge: Read): Value | Refused => (value instanceof Refused ? value : judge(value))
