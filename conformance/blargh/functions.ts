import type { ReadRow } from '../../src/schema/field.ts'
import type { ScalarType } from '../../src/schema/scalar-type.ts'
import * as types from '../../src/schema/field-types/built-in.ts'

/** A named function of the vectors, with the fields (internal names) that it reads. */
export type Named =
  | {
      readonly kind: 'getter'
      readonly type: ScalarType
      readonly uses: readonly string[]
      readonly run: (read: Read) => unknown
    }
  | {
      readonly kind: 'setter'
      readonly uses: readonly string[]
      readonly run: (read: Read, value: unknown) => Record<string, unknown>
    }
  | { readonly kind: 'writable'; readonly uses: readonly string[]; readonly run: (read: Read) => boolean }

/** What a function sees: the row by internal name, and which object it belongs to. */
export interface Read {
  readonly object: string
  readonly id: unknown
  get(name: string): unknown
}

const text: ScalarType = types.text({ max: 10_000 })
const integer: ScalarType = types.integer()
const bool: ScalarType = types.bool()

/** The functions that the vectors describe in prose. A setter's members are external names, as in the ancestor. */
export const functions: Readonly<Record<string, Named>> = {
  const_1: { kind: 'getter', type: integer, uses: [], run: () => 1 },
  count_cookies: { kind: 'getter', type: integer, uses: ['cookies'], run: r => ids(r.get('cookies')).length },
  has_jar: { kind: 'getter', type: bool, uses: ['jar'], run: r => present(r.get('jar')) },
  label: { kind: 'getter', type: text, uses: [], run: r => `#${String(r.id)}` },
  type_is_shortbread: { kind: 'getter', type: bool, uses: ['type'], run: r => r.get('type') === 'shortbread' },
  url_path: {
    kind: 'getter',
    type: text,
    uses: [],
    run: r => (present(r.id) ? `${r.object}/${String(r.id)}` : null),
  },
  is_open: { kind: 'writable', uses: ['locked'], run: r => r.get('locked') !== true },
  jar_not_closed: { kind: 'writable', uses: ['closed'], run: r => !truthy(r.get('closed')) },
  not_in_jar: { kind: 'writable', uses: ['jar'], run: r => !present(r.get('jar')) },
  resize_cookies: {
    kind: 'setter',
    uses: ['cookies'],
    run: (r, value) => {
      const now = ids(r.get('cookies'))
      const size = Number(value)
      return { cookies: size < now.length ? now.slice(0, size) : [...now, ...filled(size - now.length)] }
    },
  },
  set_hidden_v: { kind: 'setter', uses: [], run: (_, value) => ({ h: value }) },
  set_shortbread: {
    kind: 'setter',
    uses: [],
    run: (_, value) => ({ type: truthy(value) ? 'shortbread' : 'not_shortbread' }),
  },
  set_unknown: { kind: 'setter', uses: [], run: (_, value) => ({ zzz: value }) },
  set_v: { kind: 'setter', uses: [], run: (_, value) => ({ v: value }) },
}

/** Gives a function its view of a row; rows of the engine are by external name. */
export function reading(object: string, key: string, externalOf: ReadonlyMap<string, string>, row: ReadRow): Read {
  return { object, id: row[key], get: name => row[externalOf.get(name) ?? name] }
}

function ids(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function filled(count: number): object[] {
  return Array.from({ length: count }, () => ({}))
}

function present(value: unknown): boolean {
  return value !== null && value !== undefined
}

/** Python's truth: empty containers are false as well. */
function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}
