import type { HttpAt } from './departures-http.ts'
import type { At } from './expected.ts'
import type { Arguments, Recorded, RequestStep, Verb } from './vector.ts'

const verbs: Readonly<Record<string, Verb>> = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'delete',
}

/**
 * The call of blargh's engine that a request makes; null = it makes none, or its answer is no engine's. What the engine
 * answers otherwise on purpose it answers otherwise over HTTP as well.
 */
export function engineStep(at: HttpAt, name: string, index: number): At | null {
  const { model, step, recorded, object, rest, query, before } = at
  const op = verbs[step.method]
  if (op === undefined || object === null || rest.length > 1) return null
  let args: Arguments
  try {
    args = {
      name: object,
      ...(rest[0] !== undefined && { id: rest[0] }),
      ...(step.body !== undefined && { data: JSON.parse(step.body) as unknown }),
      ...parsedWord('filter', query),
      ...parsedWord('sort', query),
      ...count('limit', query),
      ...count('depth', query),
    }
  } catch {
    return null
  }
  const { status, json, raised } = recorded
  const told: Recorded =
    raised === undefined ? { status: status!, body: json } : { crash: { type: raised, message: '' } }
  const request: RequestStep = { op, args, expect: told }
  return { case: name, index, model, step: request, recorded: told, before, stored: {} }
}

function parsedWord(name: string, query: URLSearchParams): Readonly<Record<string, unknown>> {
  const text = query.get(name)
  return text ? { [name]: JSON.parse(text) as unknown } : {}
}

function count(name: string, query: URLSearchParams): Readonly<Record<string, unknown>> {
  const text = query.get(name)
  return text === null ? {} : { [name]: text.trim() === '' ? text : Number(text) }
}
