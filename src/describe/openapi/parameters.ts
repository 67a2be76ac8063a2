import type { Resource } from '../../model/model.ts'
import type { Limits } from '../../protocol/limits.ts'
import { flatParameters } from '../filter-schema.ts'
import type { Components } from '../components.ts'
import type { Json } from './answers.ts'

const text = { type: 'string' }

/** Header fields of requests. */
const requestHeaders: Readonly<Record<string, string>> = {
  'If-None-Match': 'Answers 304 if the version is still one of these (RFC 9110 §13.1.2).',
  'If-Modified-Since': 'Answers 304 if there is nothing newer.',
  Range: 'The wanted bytes: `bytes=0-999` (RFC 9110 §14.2).',
  'If-Range': 'Answers with the whole file if this is no longer its version.',
  'If-Match': 'Writes only if the row is still one of these versions; otherwise 412.',
  'If-Unmodified-Since': 'Writes only if the row has not changed since.',
  'Idempotency-Key': 'A key that the client chooses. A request that is sent twice with the same key happens once.',
  Prefer:
    '`return=minimal`, `return=representation`, for reads `position`, for streams `changes=patch` and `absent=wait` (RFC 7240).',
  'Min-Position': 'Answers only from a state that includes this position.',
  'Last-Event-ID': 'Continues a stream after this position.',
}

/** The parameters that all resources share. */
export function sharedParameters(limits: Limits): Readonly<Record<string, Json>> {
  const fields = Object.entries(requestHeaders).map(([name, description]) => [
    name,
    { name, in: 'header', description, schema: text },
  ])
  return {
    ...Object.fromEntries(fields),
    limit: limitParameter(limits.page, limits.maxPage),
    offset: query('offset', 'Rows to leave out at the beginning.', {
      type: 'integer',
      minimum: 0,
      maximum: limits.offset,
      default: 0,
    }),
    cursor: query(
      'cursor',
      'Where a page begins, from a `Link`. It is valid only with the same filter and sort.',
      text,
    ),
    depth: depthParameter(limits.depth),
    total: query('total', 'Whether `X-Total-Count` is wanted.', { type: 'boolean', default: false }),
    pretty: query('pretty', 'Whether the JSON is indented.', { type: 'boolean', default: false }),
  }
}

/** The parameters that decide which parts of a row are shown. Rows and lists have them. */
export function shapeParameters(resource: Resource): readonly Json[] {
  const relations = resource.fields.filter(field => field.target && !field.hidden).map(field => field.name)
  const names = resource.fields.filter(field => !field.hidden).map(field => field.name)
  const { depth } = resource.options.limits
  return [
    depth === undefined ? shared('depth') : depthParameter(depth),
    ...(relations.length === 0
      ? []
      : [
          query(
            'include',
            `Relations whose rows are shown instead of their ids, dotted (\`a.b\`): ${quoted(relations)}.`,
            list({ ...text, examples: relations }),
            commas,
          ),
        ]),
    query(
      'fields',
      `The only fields to show, dotted through relations: ${quoted(names)}.`,
      list({ ...text, examples: names }),
      commas,
    ),
    ...(resource.field.has('pretty') ? [] : [shared('pretty')]),
  ]
}

/** All parameters of a list: the query words, and one parameter for each operator of each field. */
export function listParameters(
  resource: Resource,
  components: Components,
  limits: Limits,
  own: Map<string, Json>,
): readonly Json[] {
  const { page, maxPage } = resource.options.limits
  const conditions = flatParameters(resource).map(({ name, field, operator, schema }) => {
    const component = `${resource.title}.${field.name}.${operator}`.replaceAll(/[^A-Za-z0-9._-]/g, '_')
    const description = `Rows whose \`${field.name}\` ${words[operator]}.`
    own.set(component, {
      ...query(name, description, schema, schema['type'] === 'array' ? commas : {}),
      'x-field': field.name,
      'x-operator': operator,
    })
    return shared(component)
  })
  return [
    ...conditions,
    query('filter', 'A filter in JSON; it may follow relations and use `$and`, `$or` and `$not`.', {
      type: 'string',
      contentMediaType: 'application/json',
      contentSchema: { $ref: components.refer(resource, 'filter') },
    }),
    query(
      'sort',
      'Fields to sort by, `-` in front for descending; at most four. A dot follows a to-one relation.',
      list({ type: 'string', enum: sortKeys(resource) }),
      commas,
    ),
    page === undefined && maxPage === undefined
      ? shared('limit')
      : limitParameter(page ?? limits.page, maxPage ?? limits.maxPage),
    shared('offset'),
    shared('cursor'),
    shared('total'),
    ...shapeParameters(resource),
  ]
}

/** The query words as members of a JSON body, which QUERY accepts (RFC 10008). */
export function querySchema(resource: Resource, components: Components, limits: Limits): Json {
  return {
    type: 'object',
    properties: {
      filter: { $ref: components.refer(resource, 'filter') },
      sort: list({ type: 'string', enum: sortKeys(resource) }),
      limit: { type: 'integer', minimum: 0 },
      offset: { type: 'integer', minimum: 0, maximum: limits.offset },
      cursor: text,
      total: { type: 'boolean' },
      depth: { type: 'integer', minimum: 0, maximum: resource.options.limits.depth ?? limits.depth },
      include: list(text),
      fields: list(text),
    },
    additionalProperties: false,
  }
}

/** A reference to a parameter component. */
export function shared(name: string): Json {
  return { $ref: `#/components/parameters/${name}` }
}

/** An id in a path. */
export function pathParameter(name: string, description: string, schema: Json): Json {
  return { name, in: 'path', required: true, description, schema }
}

export function query(name: string, description: string, schema: Json, style: Json = {}): Json {
  return { name, in: 'query', description, schema, ...style }
}

const commas: Json = { style: 'form', explode: false }
const list = (items: Json): Json => ({ type: 'array', items })
const quoted = (names: readonly string[]): string => names.map(name => `\`${name}\``).join(', ')

function limitParameter(page: number, most: number): Json {
  const description = `Rows per page, at most ${most}.`
  return query('limit', description, { type: 'integer', minimum: 0, default: page })
}

function depthParameter(most: number): Json {
  const description =
    'How relations are shown: 0 the bare id of the row, 1 related rows as ids, 2 the rows themselves, and so on. ' +
    'Schemas describe 1.'
  return query('depth', description, { type: 'integer', minimum: 0, maximum: most, default: 1 })
}

/** The resource's own fields, and the fields of rows to which to-one relations lead. */
function sortKeys(resource: Resource): string[] {
  const keys = resource.fields.flatMap(field => {
    if (field.hidden) return []
    const leads = field.target && !field.toMany && field.filterable
    const further = leads ? [...field.target.field.values()].filter(one => one.sortable && !one.hidden) : []
    return [...(field.sortable ? [field.name] : []), ...further.map(one => `${field.name}.${one.name}`)]
  })
  return keys.flatMap(key => [key, `-${key}`])
}

const words = {
  eq: 'is this',
  ne: 'is not this, or is null',
  in: 'is one of these',
  nin: 'is none of these, or is null',
  null: 'is null (`true`) or not (`false`)',
  gt: 'is greater',
  gte: 'is greater or the same',
  lt: 'is less',
  lte: 'is less or the same',
  size: 'has this many entries',
  has: 'has this entry',
  hasAny: 'has one of these entries',
  hasAll: 'has all of these entries',
  contains: 'contains this text',
  startsWith: 'starts with this text',
  endsWith: 'ends with this text',
  ieq: 'is this text, whatever its case',
  icontains: 'contains this text, whatever its case',
  istartsWith: 'starts with this text, whatever its case',
  iendsWith: 'ends with this text, whatever its case',
} as const
