import type { BackOptions, Builders, FileOptions, IdOptions, ManyOptions, OneOptions } from './builders.ts'
import type { CalcDef, FieldCheck, Ctx, FieldDef, FieldOptions, ScalarDef } from './field.ts'
import * as types from './field-types/built-in.ts'
import type { IdKind } from './field-types/id.ts'
import type { ListTypeOptions } from './field-types/list.ts'
import type { ScalarType } from './scalar-type.ts'
import type { DeclaredField } from './types.ts'

/** A builder at run time. The types of `Builders` say which of these methods make sense for which field. */
interface Chain extends DeclaredField {
  column(name: string): Chain
  was(...names: string[]): Chain
  readonly(): Chain
  hidden(): Chain
  nullable(): Chain
  default(value: unknown): Chain
  unique(): Chain
  index(): Chain
  writable(may: NonNullable<FieldOptions['writable']>, uses?: readonly string[]): Chain
  check(test: FieldCheck): Chain
  sortable(may?: boolean): Chain
  filterable(may?: boolean): Chain
  title(text: string): Chain
  describe(text: string): Chain
  example(...values: unknown[]): Chain
}

/** Wraps a definition. Each method returns a new builder, so several fields can start from the same one. */
function field(def: FieldDef): Chain {
  const having = (more: FieldOptions): Chain => field({ ...def, ...more })
  const chain: Omit<Chain, '~type'> = {
    '~def': Object.freeze(def),
    column: column => having({ column }),
    was: (...names) => having({ was: Object.freeze([...(def.was ?? []), ...names]) }),
    readonly: () => having({ readonly: true }),
    hidden: () => having({ hidden: true }),
    nullable: () => having({ nullable: true }),
    default: value => having({ default: Object.freeze(defaultOf(value)) }),
    unique: () => having({ unique: true }),
    index: () => having({ index: true }),
    writable: (writable, uses) =>
      having(uses === undefined ? { writable } : { writable, uses: Object.freeze([...uses]) }),
    check: test => having({ checks: Object.freeze([...(def.checks ?? []), test]) }),
    sortable: (sortable = true) => having({ sortable }),
    filterable: (filterable = true) => having({ filterable }),
    title: title => having({ title }),
    describe: description => having({ description }),
    example: (...examples) => having({ examples: Object.freeze([...(def.examples ?? []), ...examples]) }),
  }
  return Object.freeze(chain) as Chain
}

function defaultOf(value: unknown): NonNullable<FieldOptions['default']> {
  return typeof value === 'function' ? { from: value as (ctx: Ctx) => unknown } : { value }
}

function scalar(type: ScalarType, more: Omit<ScalarDef, 'is' | 'type'> = {}): Chain {
  return field({ is: 'scalar', type, ...more })
}

/** The key of a resource. It is read-only, unless clients may choose it. */
function id(first: IdKind | IdOptions = 'integer', second?: IdOptions): Chain {
  const [of, options] = typeof first === 'string' ? [first, second] : ['integer' as const, first]
  const client = options?.client
  return scalar(types.id(of), {
    ...(client === true ? {} : { readonly: true }),
    ...(client === undefined ? {} : { client }),
  })
}

/**
 * A list. The checks of the item hold for each element. Its other options have no meaning in a list, and the types refuse them.
 */
function list(item?: DeclaredField, options: ListTypeOptions = {}): Chain {
  const of = item?.['~def']
  const made = scalar(types.list(of && 'type' in of ? of.type : null, options))
  return (of?.checks ?? []).reduce((chain, check) => chain.check(each(check)), made)
}

/** Makes the check of a list from that of its item. The first element that fails decides. */
function each(check: FieldCheck): FieldCheck {
  return (values: readonly never[], ctx) => {
    for (const value of values) {
      const verdict = check(value, ctx)
      if (verdict !== true) return verdict
    }
    return true
  }
}

interface Calc {
  readonly of: DeclaredField
  readonly get: CalcDef['get']
  readonly set?: CalcDef['set']
  readonly uses?: readonly string[]
}

function calc({ of, get, set, uses }: Calc): Chain {
  const { type, nullable, checks } = of['~def'] as ScalarDef
  return field({
    is: 'calc',
    type,
    get,
    ...(set === undefined ? { readonly: true } : { set }),
    ...(uses === undefined ? {} : { uses: Object.freeze([...uses]) }),
    ...(nullable === undefined ? {} : { nullable }),
    ...(checks === undefined ? {} : { checks }),
  })
}

/** One builder for each built-in type. It takes the options of the type. */
const scalars = Object.fromEntries(
  Object.entries<(...options: never[]) => ScalarType>(types).map(([word, type]) => [
    word,
    (...options: never[]) => scalar(type(...options)),
  ]),
) as Record<keyof typeof types, (...options: unknown[]) => Chain>

/**
 * The field builders. Nothing is refused here: linking lists all faults of all declarations at once.
 * @example
 * t.text({ max: 80 }).nullable().unique()
 */
export const t: Builders = Object.freeze({
  ...scalars,
  custom: (type: ScalarType) => scalar(type),
  id,
  list,
  url: Object.freeze(
    Object.assign(scalars.url, {
      self: (options: { absolute?: boolean } = {}) => field({ is: 'self', readonly: true, ...options }),
    }),
  ),
  file: ({ max = 10_485_760, types: media = [] }: FileOptions = {}) =>
    scalar(types.json(), {
      file: Object.freeze({ max, types: Object.freeze(media.map(type => type.toLowerCase())) }),
      nullable: true,
    }),
  now: ({ on = 'create' }: { on?: 'create' | 'write' } = {}) => scalar(types.datetime(), { now: on, readonly: true }),
  calc,
  count: (of: string) => field({ is: 'count', of, readonly: true }),
  one: (to: string, options?: OneOptions) => field({ is: 'one', to, ...options }),
  back: (to: string, via: string, options?: BackOptions) => field({ is: 'back', to, via, ...options }),
  many: (to: string, options?: ManyOptions) => field({ is: 'many', to, ...options }),
}) as unknown as Builders
