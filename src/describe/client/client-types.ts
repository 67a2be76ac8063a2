import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { listWords, shapeWords } from '../../query/query.ts'
import { operationsIn, type ClientOperation } from './operations.ts'
import { derivedText, filterText, type BaseType } from './derived-types.ts'
import { jsonTest, rest, transport } from './declarations.ts'
import { commentOf, keyText, membersIn, typeText } from './type-text.ts'
import { followedText, keyedText, usualRows } from './usual-rows.ts'

type Json = Readonly<Record<string, unknown>>

/** Makes the declaration file of a client module: the types of all bodies, rows and queries in an OpenAPI document. */
export function clientTypes(document: Json): string {
  const { schemas = {}, parameters = {} } = (document['components'] ?? {}) as Record<
    string,
    Readonly<Record<string, Json>>
  >
  const names = new Map<string, string>()
  for (const name of Object.keys(schemas)) names.set(name, typeName(name, names))
  const refer = (ref: string): string => names.get(ref.replace('#/components/schemas/', '')) ?? 'unknown'
  const bases: BaseType[] = []
  const types = Object.entries(schemas).map(([component, schema]) => {
    const name = getOrThrow(names, component)
    const filter = filterText(name, schema, refer)
    const text = filter ?? `type ${name} = ${derivedText(schema, bases, refer) ?? typeText(schema, refer)}`
    bases.push({ name, title: schema['title'], members: membersIn(schema, refer) })
    // Types that are made from another one say what they are, and a name need not be repeated.
    const isPlain = filter === null && !text.startsWith(`type ${name} = {`)
    const comment =
      filter !== null || isPlain ? '' : commentOf(schema['title'] === name ? { ...schema, title: '' } : schema, '')
    return { component, name, text: `${comment}export ${text}\n` }
  })
  const same = new Map(types.map(({ name, text }) => [name, text.slice(`export type ${name} = `.length, -1)]))
  const writer = new ClientWriter(parameters, refer, bases, same)
  const client = `export interface Client {\n${writer.members(treeOf(operationsIn(document)), '  ')}${transport}}\n`
  const isUsed = ({ component, name }: (typeof types)[number]): boolean =>
    !ofProtocol.has(component) || new RegExp(`\\b${name}\\b`).test(client)
  const told = [...types.filter(isUsed).map(({ text }) => text), client].join('\n')
  return [told, rest.replace(jsonTest, told.includes('JsonTest') ? '$&' : '')].join('\n')
}

/** Schemas that all documents have, and only some clients need. */
const ofProtocol: ReadonlySet<string> = new Set(['Problem', 'JsonPatch'])

/** Names that the file itself uses or declares. */
const TAKEN: ReadonlySet<string> = new Set(
  (
    'Client ClientError ClientOptions Options Shape Conditions ListQuery EqualTest OrderedTest TextTest ListTest ManyTest JsonTest ' +
    'TextValue OrderedValue EqualValue Logic Loose Rows Table Related Keyed Followed Live LiveQuery LiveState HistoryQuery HistoryRecord AbortSignal Array AsyncGenerator AsyncIterable BigInt Blob Boolean Date Error Exclude ' +
    'Extract File FormData Function Headers Iterable Map Number Object Omit Partial Pick Promise Readonly ReadonlyArray ' +
    'ReadableStream Record Request RequestInit Required Response Set String Symbol URL Uint8Array'
  ).split(' '),
)

function typeName(component: string, known: ReadonlyMap<string, string>): string {
  const base = component.replaceAll(/[^\p{L}\p{N}_$]+(.)?/gu, (_, next?: string) => (next ?? '').toUpperCase())
  const plain = /^[\p{L}_$]/u.test(base) ? base : `_${base}`
  const taken = new Set([...known.values(), ...TAKEN])
  let name = plain
  for (let n = 2; taken.has(name); n++) name = `${plain}${n}`
  return name
}

interface Tree {
  readonly [name: string]: Tree | ClientOperation
}

function treeOf(operations: readonly ClientOperation[]): Tree {
  const tree: Record<string, any> = {} // oxlint-disable-line typescript/no-explicit-any -- filled from the outside in
  for (const one of operations) {
    let at = tree
    for (const name of one.at.slice(0, -1)) at = at[name] ??= {}
    at[one.at.at(-1)!] ??= one
  }
  return tree
}

class ClientWriter {
  readonly #parameters: Readonly<Record<string, Json>>
  readonly #refer: (ref: string) => string
  /** The fields of each filter. */
  readonly #fields: ReadonlyMap<string, string>

  /** What types are that are made from others. */
  readonly #same: ReadonlyMap<string, string>

  constructor(
    parameters: Readonly<Record<string, Json>>,
    refer: (ref: string) => string,
    bases: readonly BaseType[],
    same: ReadonlyMap<string, string>,
  ) {
    this.#same = same
    this.#parameters = parameters
    this.#refer = refer
    this.#fields = new Map(
      bases.map(({ name, members }) => {
        const fields = [...members.keys()].filter(one => !one.startsWith('$'))
        return [name, fields.map(one => JSON.stringify(one)).join(' | ')]
      }),
    )
  }

  members(tree: Tree, margin: string): string {
    return Object.entries(tree)
      .map(([name, one]) =>
        isOperation(one)
          ? `${commentOf({ description: one.operation['summary'] }, margin)}${margin}${keyText(name)}${this.#signature(one, margin)}\n`
          : `${margin}${keyText(name)}: ${this.#face(one, margin)}\n`,
      )
      .join('')
  }

  /** The operations of a resource or of a relation. What all of them have has one type. */
  #face(tree: Tree, margin: string): string {
    const signatures = new Map(
      Object.entries(tree).flatMap(([name, one]) => (isOperation(one) ? [[name, this.#signature(one, margin)]] : [])),
    )
    const usual = usualRows(signatures)
    const keyed = keyedText(signatures.get('upsert') ?? '')
    const isTold = (name: string): boolean => usual?.names.has(name) === true || (name === 'upsert' && keyed !== null)
    const rest = Object.fromEntries(Object.entries(tree).filter(([name]) => !isTold(name)))
    const others = Object.keys(rest).length === 0 ? null : `{\n${this.members(rest, `${margin}  `)}${margin}}`
    // An action or a relation of the same name comes first.
    const isFollowed = margin === '  ' && ['live', 'upload', 'download'].every(name => !(name in tree))
    // The parameters for replacing and changing a row may be left out if they are made from that for creating it as usual.
    const short = usual?.text.replace(/, (\w+), (\w+), (\w+), (\w+)>/, (all, created, filter, replaced, patched) =>
      this.#same.get(replaced) === created && this.#same.get(patched) === `Partial<${created}>`
        ? `, ${created}, ${filter}>`
        : all,
    )
    const rows = isFollowed ? followedText(signatures, short) : [short]
    return [...rows, keyed, others].filter(one => one != null).join(' & ') || '{}'
  }

  #signature({ operation, method }: ClientOperation, margin: string): string {
    const parameters = ((operation['parameters'] ?? []) as readonly Json[]).map(one => this.#resolve(one))
    const type = (schema: unknown): string => typeText(schema, this.#refer, margin)
    const ids = parameters
      .filter(one => one['in'] === 'path')
      .map(one => `${String(one['name'])}: ${type(one['schema'])}`)
    // The history of a row has the same members whatever the row has.
    if (operation['x-operation'] === 'history')
      return `(${[...ids, 'query?: HistoryQuery', 'options?: Options'].join(', ')}): Promise<HistoryRecord[]>`
    const query = parameters.filter(one => one['in'] === 'query')
    const asked = this.#query(query, margin)
    if (!['POST', 'PUT', 'PATCH'].includes(method)) {
      const optional = query.some(one => one['required'] === true) ? '' : '?'
      return `(${[...ids, `query${optional}: ${asked}`, 'options?: Options'].join(', ')}): Promise<${this.#result(operation, margin)}>`
    }
    const body = operation['requestBody'] as Json | undefined
    const options = query.length ? `options?: Options & { query?: ${asked} }` : 'options?: Options'
    const several = severalOf(operation)
    if (several) {
      const [one, row] = several.map(type)
      const made = `D extends readonly unknown[] ? ${row!}[] : ${row!}`
      return `<D extends ${one!} | readonly ${one!}[]>(${[...ids, 'data: D', options].join(', ')}): Promise<${made}>`
    }
    const data = body ? `data${body['required'] === true ? '' : '?'}: ${type(jsonOf(body))}` : 'data?: unknown'
    return `(${[...ids, data, options].join(', ')}): Promise<${this.#result(operation, margin)}>`
  }

  #resolve(parameter: Json): Json {
    const { $ref } = parameter
    return typeof $ref === 'string' ? (this.#parameters[$ref.replace('#/components/parameters/', '')] ?? {}) : parameter
  }

  #query(parameters: readonly Json[], margin: string): string {
    if (parameters.length === 0) return 'Record<string, unknown>'
    const named = this.#named(parameters)
    if (named !== null) return named
    const inner = `${margin}  `
    const isShaped = parameters.some(one => one['name'] === 'fields') && parameters.some(one => one['name'] === 'depth')
    const own = isShaped ? parameters.filter(one => !shownBy.has(String(one['name']))) : parameters
    const lines = own.map(one => {
      const schema = one['schema'] as Json
      const type = typeText(schema, this.#refer, inner)
      const content =
        schema['contentSchema'] === undefined ? '' : ` | ${typeText(schema['contentSchema'], this.#refer)}`
      // Lists are joined by commas in one parameter. A filter may be given as an object, which the client writes as JSON.
      const list = type.endsWith('[]') ? `string | ${type}` : type + content
      return `${commentOf({ description: one['description'] }, inner)}${inner}${keyText(String(one['name']))}${one['required'] === true ? '' : '?'}: ${list}\n`
    })
    return `${isShaped ? 'Shape & ' : ''}{\n${lines.join('')}${margin}}`
  }

  /** The query of a list, or the words that say what is shown, which have names; null for any other query. */
  #named(parameters: readonly Json[]): string | null {
    const names = new Set(parameters.map(one => String(one['name'])))
    if ([...names].every(name => shownBy.has(name))) return 'Shape'
    const filter = parameters.find(one => one['name'] === 'filter')
    const schema = (filter?.['schema'] as Json | undefined)?.['contentSchema']
    if (!schema || parameters.some(one => one['required'] === true)) return null
    const fields = [...names]
      .filter(name => !listWords.has(name) && !shownBy.has(name))
      .map(name => name.replace(/[.[].*$/s, ''))
    const union = [...new Set(fields)].map(name => JSON.stringify(name)).join(' | ') || 'never'
    const text = typeText(schema, this.#refer)
    return this.#fields.get(text) === union ? `ListQuery<${text}>` : `ListQuery<${text}, ${union}>`
  }

  #result(operation: Json, margin: string): string {
    const responses = operation['responses'] as Readonly<Record<string, Json>>
    // 204 is only the answer to `Prefer: return=minimal`, if there is another success.
    const shown = Object.entries(responses)
      .filter(([status, response]) => status.startsWith('2') && 'content' in response)
      .map(([, response]) => typeText(jsonOf(response), this.#refer, margin))
    return [...new Set(shown)].join(' | ') || 'Response'
  }
}

/** `pretty` says how HTTP writes what is shown. */
const shownBy: ReadonlySet<string> = new Set([...shapeWords, 'pretty'])

/** If a body may be one row or several: the schemas of one body and of its row. null = it may not. */
function severalOf(operation: Json): readonly [unknown, unknown] | null {
  const body = operation['requestBody'] as Json | undefined
  const made = (operation['responses'] as Readonly<Record<string, Json>>)['201']
  const [one, many] = (body && ((jsonOf(body) as Json | undefined)?.['anyOf'] as readonly Json[] | undefined)) ?? []
  const [row] = (made && ((jsonOf(made) as Json | undefined)?.['anyOf'] as readonly Json[] | undefined)) ?? []
  return one && many?.['type'] === 'array' && row ? [one, row] : null
}

function isOperation(one: Tree | ClientOperation): one is ClientOperation {
  return Array.isArray((one as ClientOperation).at)
}

function jsonOf(body: Json): unknown {
  const content = body['content'] as Readonly<Record<string, Json>>
  return content['application/json']?.['schema']
}
