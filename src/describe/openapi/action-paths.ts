import type { Action, Resource } from '../../model/model.ts'
import { capital } from '../../model/link/uri-names.ts'
import type { JsonSchema } from '../../schema/json-schema.ts'
import { actionSchema } from '../action-schema.ts'
import { response, references, refusing, type Json } from './answers.ts'
import { place, type Drafting } from './drafting.ts'
import { pathParameter } from './parameters.ts'
import { securityOf } from './security.ts'

/** Describes the actions of a resource, each at its URI. */
export function describeActions(drafting: Drafting, resource: Resource): void {
  for (const path of resource.paths) {
    for (const action of resource.actions.values()) {
      const end = action.path === '' ? '' : `/${encodeURIComponent(action.path)}`
      const at = action.on === 'row' ? `${path}/{id}${end}` : path + end
      place(drafting, at, action.method.toLowerCase(), actionOperation(drafting, action))
    }
  }
}

function actionOperation(drafting: Drafting, action: Action): Json {
  const { resource, docs, input } = action
  const name = `${resource.title}.${action.name}`
  const told = docs.description
  const [summary = ''] = told.trim().split('\n', 1)
  const inBody = ['POST', 'PUT', 'PATCH'].includes(action.method)
  const schema = input && actionSchema(input, 'input', drafting.model)
  const id = action.on === 'row' ? [pathParameter('id', `The id of the ${resource.name}.`, resource.idType.schema)] : []
  return {
    operationId: drafting.operationId(camel(action.name) + capital(resource.title)),
    tags: [resource.title],
    summary: summary === '' ? `${action.name} of \`${resource.name}\`` : summary,
    ...(told.trim() === summary ? {} : { description: told }),
    parameters: [...id, ...(inBody || schema === null ? [] : queryOf(schema))],
    ...(inBody && schema !== null ? { requestBody: bodyOf(drafting, action, name, schema) } : {}),
    responses: responsesOf(drafting, action, name),
    security: securityOf(resource, action, Object.keys(drafting.options.schemes)),
    'x-resource': resource.name,
    'x-operation': action.name,
  }
}

/** `get_list` → `getList`. */
const camel = (name: string): string => name.replaceAll(/[_.~-]+(.)?/g, (_, next?: string) => capital(next ?? ''))

/**
 * The arguments of a request without a body, as parameters. References are resolved, because a parameter has no definitions of
 * its own.
 */
function queryOf(schema: JsonSchema): readonly Json[] {
  const definitions = (schema['$defs'] ?? {}) as Readonly<Record<string, JsonSchema>>
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
  const required = (schema['required'] ?? []) as readonly string[]
  return Object.entries(properties).map(([name, property]) => {
    const { $ref, ...rest } = property
    const target = typeof $ref === 'string' ? definitions[$ref.replace('#/$defs/', '')] : undefined
    return {
      name,
      in: 'query',
      ...(required.includes(name) ? { required: true } : {}),
      ...(typeof property['description'] === 'string' ? { description: property['description'] } : {}),
      schema: { ...target, ...rest },
    }
  })
}

function bodyOf(drafting: Drafting, action: Action, name: string, schema: JsonSchema): Json {
  const content = { schema: { $ref: drafting.components.add(`${name}.input`, schema) } }
  // Some notations also accept forms, or no body at all if all arguments are optional.
  const isLenient = action.manner.reader !== null
  const forms = isLenient ? { 'application/x-www-form-urlencoded': content, 'multipart/form-data': content } : {}
  const required = !isLenient || ((schema['required'] ?? []) as readonly string[]).length > 0
  return { required, content: { 'application/json': content, ...forms } }
}

function responsesOf(drafting: Drafting, action: Action, name: string): Json {
  const schema = action.output && actionSchema(action.output, 'output', drafting.model)
  const shown = schema && { $ref: drafting.components.add(`${name}.output`, schema) }
  const declared: Record<string, Json> = {}
  for (const [code, meaning] of Object.entries(action.errors)) {
    const [, status = '', error = ''] = /^([1-5]\d\d)(?:\.(.*))?$/.exec(code) ?? []
    if (status === '') continue
    const line = `${error === '' ? '' : `\`${error}\`: `}${typeof meaning === 'string' ? meaning : ''}`
    const known = declared[status]?.['description']
    declared[status] = problem(typeof known === 'string' ? `${known}\n\n${line}` : line || 'Refused.')
  }
  return {
    200: response('The result of the action.', shown ?? {}, 'X-Request-Id'),
    ...refusing(
      400,
      ...(Object.keys(drafting.options.schemes).length > 0 ? [401, 403] : []),
      ...(action.on === 'row' ? [404] : []),
    ),
    ...declared,
  }
}

function problem(description: string): Json {
  return {
    description,
    headers: references('X-Request-Id'),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}
