import type { AnyResource, ResourceDef } from '../model/declare/declaration.ts'
import { capital, singular } from '../model/link/uri-names.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import type { BackDef, Ctx, FieldDef, ManyDef, OneDef, ScalarDef } from '../schema/field.ts'

export interface PrintOptions {
  /** The file that was read, as the code shall name it. */
  readonly file: string
  readonly kind: 'sqlite' | 'json' | 'postgres'
  /** Comments below the first line. */
  readonly notes: readonly string[]
}

// Names that the code imports or declares itself, and words that cannot be names of constants.
const TAKEN: ReadonlySet<string> = new Set(
  (
    'api app evaluate memory postgres resource serve sqlite t arguments await break case catch class const continue debugger ' +
    'default delete do else enum eval export extends false finally for function if implements import in instanceof ' +
    'interface let new null package private protected public return static super switch this throw true try typeof ' +
    'undefined var void while with yield'
  ).split(' '),
)

/** Writes TypeScript that declares these resources, and serves the file from which they were read. */
export function printDeclarations(resources: Readonly<Record<string, AnyResource>>, options: PrintOptions): string {
  const entries = Object.entries(resources)
  const body = entries.map(([name, { '~resource': def }]) => printResource(name, def)).join('\n\n')
  const evaluated = body.includes('evaluate(')
  const store = storeOf(options)
  const map = entries.map(([name]) => (constant(name) === name ? name : `${name}: ${constant(name)}`)).join(', ')
  return [
    comment(`Written by \`restuary import\` from ${options.file}; from now on it is yours to change.`),
    ...options.notes.map(comment),
    ...(evaluated ? [`import { DatabaseSync } from 'node:sqlite'`] : []),
    ...IMPORTS[options.kind],
    '',
    ...(evaluated ? [EVALUATE, ''] : []),
    body,
    '',
    `export const app = api({ ${map} }, { store: ${store}, limits: { text: 1_048_576 } })`,
    '',
    `if (import.meta.main) await serve(app)`,
    '',
  ].join('\n')
}

const IMPORTS = {
  sqlite: [`import { api, resource, serve, sqlite, t } from 'restuary'`],
  json: [`import { api, memory, resource, serve, t } from 'restuary'`],
  postgres: [`import { api, resource, serve, t } from 'restuary'`, `import { postgres } from 'restuary/postgres'`],
} as const

function storeOf({ kind, file }: PrintOptions): string {
  switch (kind) {
    case 'sqlite':
      return `sqlite(${quote(file)})`
    case 'json':
      return `memory({ file: ${quote(file)} })`
    case 'postgres':
      // Its own tables stand beside those that were read.
      return `postgres(process.env['DATABASE_URL']!, { schema: 'restuary' })`
    default:
      return kind satisfies never
  }
}

/** A comment of one line: names that it cites may have line breaks, after which they would be code. */
const comment = (text: string): string => `// ${text.replaceAll(/[\n\r\u2028\u2029]/g, ' ')}`

const EVALUATE = `// Defaults that SQLite evaluates.
const expressions = new DatabaseSync(':memory:')
const evaluate = (sql: string) => expressions.prepare(\`SELECT (\${sql}) AS value\`).get()!['value'] as never`

function printResource(name: string, def: ResourceDef): string {
  const fields = Object.entries(def.fields).map(([field, one]) => `  ${field}: ${printField(field, one)},`)
  const unique = def.unique.map(fields => `.unique(${fields.map(quote).join(', ')})`).join('')
  const settings = printObject({
    ...(def.path === undefined ? {} : { path: def.path }),
    ...(def.title === undefined || def.title === capital(singular(name)) ? {} : { title: def.title }),
    ...(def.table === undefined || def.table === name ? {} : { table: def.table }),
    ...(def.readOnly === true ? { readOnly: true } : {}),
    ...(def.foreign === undefined ? {} : { foreign: def.foreign }),
  })
  const second = settings === '{}' ? '' : `, ${settings}`
  return `export const ${constant(name)} = resource({\n${fields.join('\n')}\n}${second})${unique}`
}

function printField(name: string, def: FieldDef): string {
  switch (def.is) {
    case 'scalar':
      return printScalar(def) + printOptions(name, def)
    case 'one':
      return printOne(def) + printOptions(name, def)
    case 'back':
      return printBack(def)
    case 'many':
      return printMany(def)
    case 'calc':
    case 'count':
    case 'self':
      throw new Error(`${name} is computed, which no table is`)
    default:
      return def satisfies never
  }
}

function printScalar({ type, client }: ScalarDef): string {
  if (type.key === null) return printType(type)
  const options = client === undefined ? '' : printObject({ client })
  const kind = type.key === 'integer' ? '' : quote(type.key)
  return `t.id(${[kind, options].filter(text => text !== '').join(', ')})`
}

function printType({ name, options }: ScalarType): string {
  const { values, item, ...rest } = options as { values?: readonly string[]; item?: ScalarType | null }
  const given = [
    ...(values ? [printValue(values)] : []),
    ...(item ? [printType(item)] : []),
    ...(Object.values(rest).some(value => value !== undefined) ? [printObject(rest)] : []),
  ]
  return `t.${name}(${given.join(', ')})`
}

function printOne({ to, inverse, onDelete, unique }: OneDef): string {
  return `t.one(${quote(to)}, ${printObject({ inverse, onDelete, unique })})`
}

function printBack({ to, via, one, ids }: BackDef): string {
  return `t.back(${quote(to)}, ${quote(via)}, ${printObject({ one, ids })})`
}

function printMany({ to, inverse, ids, through }: ManyDef): string {
  return `t.many(${quote(to)}, ${printObject({ inverse, ids, through })})`
}

function printOptions(name: string, def: ScalarDef | OneDef): string {
  const id = def.is === 'scalar' && def.type.key !== null
  const preset = def.default
  return [
    def.column === undefined || def.column === name ? '' : `.column(${quote(def.column)})`,
    def.nullable === true ? '.nullable()' : '',
    def.unique === true && def.is === 'scalar' ? '.unique()' : '',
    preset === undefined
      ? ''
      : `.default(${'value' in preset ? printValue(preset.value) : printFunction(def, preset.from)})`,
    def.readonly === true && !id ? '.readonly()' : '',
  ].join('')
}

/** Writes the function of a default. `adopt` has attached its SQL text. */
function printFunction(def: ScalarDef | OneDef, from: (ctx: Ctx) => unknown): string {
  if (def.is === 'scalar' && def.type.name === 'datetime') return 'ctx => new Date(ctx.now).toISOString()'
  const expression = 'sql' in from ? String(from.sql) : 'NULL'
  if ('isFilled' in from) return `() => null as never /* ${expression.replaceAll('*/', '* /')} */`
  return `() => evaluate(${quote(expression)})`
}

function printObject(members: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '{}' : `{ ${given.map(([name, value]) => `${name}: ${printValue(value)}`).join(', ')} }`
}

function printValue(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`
  return typeof value === 'object' && value !== null
    ? printObject(value as Record<string, unknown>)
    : JSON.stringify(value)
}

const constant = (name: string): string => (TAKEN.has(name) ? `${name}_` : name)

const quote = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`
