import type {
  Builders,
  BackOptions,
  DecimalOptions,
  FileOptions,
  IdKind,
  IdOptions,
  ListOptions,
  ManyOptions,
  MomentOptions,
} from './builders.ts'
import type { NumberOptions, OneOptions, TextOptions } from './builders.ts'
import type { CalcDef, Check, Ctx, FieldDef, FieldOptions, ScalarDef, ScalarType } from './field.ts'
import type { Field } from './types.ts'

/** A builder as it is at run time; `Builders` says which of these methods make sense for which field. */
interface Chain extends Field {
  column(name: string): Chain
  readonly(): Chain
  hidden(): Chain
  nullable(): Chain
  default(value: unknown): Chain
  unique(): Chain
  index(): Chain
  writable(may: NonNullable<FieldOptions['writable']>, uses?: readonly string[]): Chain
  check(test: Check): Chain
  sortable(may?: boolean): Chain
  filterable(may?: boolean): Chain
  title(text: string): Chain
  describe(text: string): Chain
  example(...values: unknown[]): Chain
}

/** Wraps a definition. Each method makes a new builder, so one may be the start of several fields. */
function field(def: FieldDef): Chain {
  const having = (more: FieldOptions): Chain => field({ ...def, ...more })
  const chain: Omit<Chain, '~type'> = {
    '~def': Object.freeze(def),
    column: column => having({ column }),
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
  return field({ is: 'scalar', type: Object.freeze(type), ...more })
}

/** The key: readonly like what the server sets, unless clients may bring it in POST. */
function id(first: IdKind | IdOptions = 'integer', second?: IdOptions): Chain {
  const [of, options] = typeof first === 'string' ? [first, second] : ['integer' as const, first]
  const client = options?.client
  return scalar(
    { type: 'id', of },
    { ...(client === true ? {} : { readonly: true }), ...(client === undefined ? {} : { client }) },
  )
}

/** The checks of an item hold for each element; its other options mean nothing in a list, and their types say so. */
function list(item?: Field, options: ListOptions = {}): Chain {
  const of = item?.['~def']
  const made = scalar({ type: 'list', item: of && 'type' in of ? of.type : null, ...options })
  return (of?.checks ?? []).reduce((chain, check) => chain.check(each(check)), made)
}

/** A list's check from that of its item; one element's complaint speaks for all. */
function each(check: Check): Check {
  return (values: readonly never[], ctx) => {
    for (const value of values) {
      const verdict = check(value, ctx)
      if (verdict !== true) return verdict
    }
    return true
  }
}

interface Calc {
  readonly of: Field
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

function text(type: 'text' | 'email' | 'url', options: TextOptions = {}): Chain {
  return scalar({ type, ...options })
}

/**
 * The field builders. Nothing is refused here: linking lists every fault of a declaration at once.
 *
 * @example t.text({ max: 80 }).nullable().unique()
 */
export const t: Builders = Object.freeze({
  id,
  text: (options?: TextOptions) => text('text', options),
  email: (options?: TextOptions) => text('email', options),
  url: Object.freeze(
    Object.assign((options?: TextOptions) => text('url', options), {
      self: (options: { absolute?: boolean } = {}) => field({ is: 'self', readonly: true, ...options }),
    }),
  ),
  number: (options?: NumberOptions) => scalar({ type: 'number', ...options }),
  integer: (options?: NumberOptions) => scalar({ type: 'integer', ...options }),
  decimal: (options: DecimalOptions) => scalar({ type: 'decimal', ...options }),
  bool: () => scalar({ type: 'bool' }),
  date: (options?: MomentOptions) => scalar({ type: 'date', ...options }),
  datetime: (options?: MomentOptions) => scalar({ type: 'datetime', ...options }),
  enum: (values: readonly string[]) => scalar({ type: 'enum', values: Object.freeze([...values]) }),
  json: () => scalar({ type: 'json' }),
  bytes: (options?: { max?: number }) => scalar({ type: 'bytes', ...options }),
  list,
  file: ({ max = 10_485_760, types = [] }: FileOptions = {}) =>
    scalar(
      { type: 'json' },
      { file: Object.freeze({ max, types: Object.freeze(types.map(type => type.toLowerCase())) }), nullable: true },
    ),
  password: (options?: { min?: number; max?: number }) => scalar({ type: 'password', min: 8, max: 1024, ...options }),
  now: ({ on = 'create' }: { on?: 'create' | 'write' } = {}) =>
    scalar({ type: 'datetime' }, { now: on, readonly: true }),
  calc,
  count: (of: string) => field({ is: 'count', of, readonly: true }),
  one: (to: string, options?: OneOptions) => field({ is: 'one', to, ...options }),
  back: (to: string, via: string, options?: BackOptions) => field({ is: 'back', to, via, ...options }),
  many: (to: string, options?: ManyOptions) => field({ is: 'many', to, ...options }),
}) as unknown as Builders
