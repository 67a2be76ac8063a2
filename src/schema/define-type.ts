import type { ShownOrder } from '../protocol/outline.ts'
import { byNumber, byText, compareStored } from './compare.ts'
import { Refused } from './read/refused.ts'
import type {
  Column,
  CustomType,
  OperatorSet,
  ReadValue,
  ScalarType,
  StoredValue,
  TypeDefinition,
} from './scalar-type.ts'
import type { Value } from './value.ts'

/**
 * Makes a field type from a description of its values. The built-in types are made by it, and you can make your own for
 * `t.custom`. A type with options is a function that calls it.
 * @example
 * const color = defineType({
 *   name: 'color',
 *   check: value =>
 *     typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)
 *       ? value.toLowerCase()
 *       : refuse('format', 'must be a color like "#ff8800"'),
 *   sql: { column: 'TEXT' },
 *   schema: { type: 'string', pattern: '^#[0-9a-fA-F]{6}$' },
 *   example: '#ff8800',
 * })
 * const car = resource({ id: t.id(), color: t.custom(color) })
 */
export function defineType<T extends Value, const S extends OperatorSet = 'ordered'>(
  definition: TypeDefinition<T, S>,
): CustomType<T, S> {
  return make(definition as unknown as Definition) as CustomType<T, S>
}

type Definition = TypeDefinition<Value, OperatorSet>

function make(definition: Definition): ScalarType {
  const sql = columnOf(definition)
  let unbounded: ScalarType | null = null
  // All types have the same members in the same order. V8 then sees one shape, and code that reads types stays fast.
  const type: ScalarType = {
    name: definition.name,
    options: Object.freeze({ ...definition.options }),
    check: definition.check,
    readText: textReader(definition),
    coercions: definition.coercions ?? {},
    operators: definition.operators ?? 'ordered',
    compare: definition.compare ?? orderOf(definition, sql),
    shownOrder: definition.shownOrder ?? shownOrderOf(definition),
    unbounded: () => (unbounded ??= definition.unbounded?.() ?? type),
    limited: definition.limited ?? (() => type),
    sql,
    schema: Object.freeze(definition.schema),
    bounds: definition.bounds ?? '',
    example: definition.example,
    show: definition.show ?? null,
    print: definition.print ?? 'json',
    fromDate: definition.fromDate ?? null,
    fits: definition.fits ?? null,
    key: definition.key ?? null,
    merges: definition.merges ?? false,
    secret: definition.secret ?? false,
    list: definition.list ?? null,
    input: definition.input ?? 'text',
    faults: definition.faults ?? (() => []),
  }
  return Object.freeze(type)
}

function columnOf({ name, sql }: Definition): Column {
  const encode = encoder(sql.encode)
  const decode = sql.decode ?? null
  return Object.freeze({
    column: sql.column,
    kind: sql.kind ?? name,
    from: sql.from ?? [],
    encode,
    isPlain: sql.encode === undefined,
    decode,
    select: sql.read ?? 'plain',
    foreign: sql.foreign ?? null,
    postgres: sql.postgres ? { encode, decode, ...sql.postgres } : null,
  })
}

const encoder = (encode: ((value: Value) => StoredValue) | undefined): Column['encode'] =>
  encode ? value => (value === null ? null : encode(value)) : value => value as StoredValue

function orderOf({ sql: { column, encode } }: Definition, sql: Column): ScalarType['compare'] {
  if (encode) return (a, b) => compareStored(sql.encode(a), sql.encode(b))
  return column === 'TEXT' ? byText : byNumber
}

function shownOrderOf({
  operators = 'ordered',
  compare,
  show,
  sql: { column, encode },
}: Definition): ShownOrder | null {
  const isComparable = operators === 'equality' || operators === 'ordered' || operators === 'text'
  if (!isComparable || compare || show || encode || column === 'BLOB') return null
  return column === 'TEXT' ? 'text' : 'number'
}

function textReader({ check, coercions, list }: Definition): ReadValue {
  const judge: ReadValue = list ? value => list.check(value, list.item.readText) : check
  const coerce = coercions?.['text']
  if (!coerce) return judge
  return value => {
    if (typeof value !== 'string') return judge(value)
    const read = coerce(value)
    return read instanceof Refused ? read : check(read)
  }
}
