import type { LoginDef } from '../../model/declare/declaration.ts'
import { response, refusing, type Json } from './answers.ts'
import { place, type Drafting } from './drafting.ts'
import { query } from './parameters.ts'

const text = { type: 'string' }

/** Describes login, refresh and logout (RFC 6749 §5, §6; RFC 7009). */
export function describeLogin(drafting: Drafting, login: LoginDef): void {
  const members = object({ [login.id]: text, [login.secret]: { ...text, format: 'password' }, scope: text }, [
    login.id,
    login.secret,
  ])
  const granted = object(
    {
      access_token: text,
      token_type: { const: 'Bearer' },
      expires_in: { type: 'integer', description: 'Seconds.' },
      refresh_token: text,
      scope: text,
    },
    ['access_token', 'token_type', 'expires_in', 'refresh_token'],
  )
  const cookie = query('cookie', 'Whether the session is kept in a cookie.', { type: 'boolean' })
  const all = query('all', 'Whether all sessions of the user end.', { type: 'boolean' })
  const refresh = object({ refresh_token: text }, ['refresh_token'])
  const tokens = { 200: response('The tokens.', granted, 'Cache-Control'), ...set, ...refusing(400, 401) }
  const one = (summary: string, word: string, more: Json): Json => ({
    operationId: drafting.operationId(word),
    tags: ['Auth'],
    summary,
    security: [],
    'x-resource': 'auth',
    'x-operation': word,
    ...more,
  })
  place(
    drafting,
    '/auth/token',
    'post',
    one('Logs in', 'login', { parameters: [cookie], ...body(members), responses: tokens }),
  )
  place(
    drafting,
    '/auth/refresh',
    'post',
    one('Renews the tokens', 'refresh', { parameters: [cookie], ...body(refresh, false), responses: tokens }),
  )
  place(
    drafting,
    '/auth/logout',
    'post',
    one('Ends the session', 'logout', {
      parameters: [all],
      ...body(object({ refresh_token: text }, []), false),
      responses: { ...set, ...refusing(400) },
    }),
  )
  place(
    drafting,
    '/auth/ticket',
    'post',
    one('Gives a ticket that opens a socket', 'ticket', {
      security: drafting.options.schemes && Object.keys(drafting.options.schemes).map(name => ({ [name]: [] })),
      responses: {
        200: response(
          'The ticket.',
          object({ ticket: text, expires_in: { type: 'integer' } }, ['ticket', 'expires_in']),
        ),
        ...refusing(401),
      },
    }),
  )
}

const set: Json = { 204: response('Done. A cookie is set or deleted.', null, 'Cache-Control') }

function object(properties: Readonly<Record<string, Json>>, required: readonly string[]): Json {
  return { type: 'object', properties, ...(required.length ? { required } : {}) }
}

function body(schema: Json, required = true): Json {
  return { requestBody: { required, content: { 'application/json': { schema } } } }
}
