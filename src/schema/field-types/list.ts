import { defineType } from '../define-type.ts'
import { parseJsonText } from '../read/parse-json.ts'
import { Refused } from '../read/refused.ts'
import type { ReadValue, ScalarType } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { keyword, lengthFaults } from './bounds.ts'
import { json } from './json.ts'

export interface ListTypeOptions {
  readonly min?: number
  readonly max?: number
  /** Whether all elements must differ. */
  readonly unique?: boolean
}

/** A list of scalars in one column. Without an item its elements are any JSON values. */
export function list(item: ScalarType | null = null, options: ListTypeOptions = {}): ScalarType {
  const { min = 0, max = Infinity, unique = false } = options
  const of = item ?? json()
  const { show } = of
  const checkList = (value: unknown, read: ReadValue): Value | Refused => checkItems(value, read, min, max, unique)
  return defineType({
    name: 'list',
    options: { item, ...options },
    check: value => checkItems(value, of.check, min, max, unique),
    coercions: { text: text => readListText(of, text as string) },
    operators: item === null ? 'null' : 'list',
    sql: {
      column: 'TEXT',
      encode: value => JSON.stringify(value),
      decode: stored => JSON.parse(stored as string) as Value,
      postgres: { type: 'jsonb' },
    },
    schema: {
      type: 'array',
      items: of.schema,
      ...keyword('minItems', options.min),
      ...keyword('maxItems', options.max),
      ...(unique ? { uniqueItems: true } : {}),
    },
    example: exampleOf(of, options),
    ...(show ? { show: value => (value as readonly Value[]).map(one => (one === null ? one : show(one))) } : {}),
    list: { item: of, check: checkList },
    unbounded: () => list(item),
    limited: limits => list(item && item.limited(limits), options),
    faults: () =>
      of.secret
        ? [{ problem: 'is a list of passwords', fix: 'keep them in a resource of their own' }]
        : [...lengthFaults(options), ...of.faults()],
  })
}

/** Reads JSON, or the text of a single item: the query `tags=a`, as `tags=a&tags=b` is a list as well. */
function readListText(of: ScalarType, text: string): unknown {
  if (text.trimStart().startsWith('[')) return parseJsonText(text)
  const item = of.readText(text)
  return item instanceof Refused ? new Refused(item.code, item.detail, `/0${item.at}`) : [item]
}

function checkItems(value: unknown, read: ReadValue, min: number, max: number, unique: boolean): Value | Refused {
  if (!Array.isArray(value)) return new Refused('type', 'must be a list')
  const list: readonly unknown[] = value
  if (list.length < min) return new Refused('length', `must have at least ${counted(min)}`)
  if (list.length > max) return new Refused('length', `must have at most ${counted(max)}`)
  let result = list as readonly Value[]
  for (let i = 0; i < list.length; i++) {
    const canonical = read(list[i])
    if (canonical instanceof Refused) return new Refused(canonical.code, canonical.detail, `/${i}${canonical.at}`)
    if (Object.is(canonical, list[i])) continue
    // The caller's array is not changed.
    if (result === list) result = [...result]
    ;(result as Value[])[i] = canonical
  }
  return unique ? checkUnique(result) : result
}

function counted(items: number): string {
  return `${items} item${items === 1 ? '' : 's'}`
}

function checkUnique(list: readonly Value[]): Value | Refused {
  const seen = new Map<Value, number>()
  for (let i = 0; i < list.length; i++) {
    const value = list[i]!
    const key = typeof value === 'object' && value !== null ? sorted(value) : value
    const first = seen.get(key)
    if (first !== undefined) return new Refused('duplicate', `is the same as item ${first}`, `/${i}`)
    seen.set(key, i)
  }
  return list
}

/** A text that is equal for equal values: members are sorted by name. The leading NUL separates it from real texts. */
function sorted(value: Value): string {
  return `\0${JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  )}`
}

function exampleOf(item: ScalarType, { min = 0, unique = false }: ListTypeOptions): Value | undefined {
  if (!(min > 0)) return []
  if ((unique && min > 1) || !Number.isSafeInteger(min) || item.example === undefined) return undefined
  return Array.from({ length: min }, () => item.example!)
}
