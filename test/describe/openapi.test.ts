import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, memory, resource, t } from '../../src/index.ts'
import { Caller } from './caller.ts'
import { Document, type Json } from './document.ts'
import { lint } from './lint.ts'
import { office } from './office.ts'
import { startExample, type Started } from './started.ts'

const exampleFaults = (document: Document): string[] => {
  const schemas = document.json['components'].schemas as Record<string, Json>
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const examples = (schema['examples'] ?? []) as unknown[]
    return examples.flatMap(example => document.invalid({ $ref: `#/components/schemas/${name}` }, example))
  })
}

describe.each([
  ['todo', [] as string[]],
  ['world', ['world.db']],
])('the OpenAPI document of the example %s', (name, args) => {
  let started: Started
  let document: Document
  beforeAll(async () => {
    started = await startExample(name, ...args)
    document = new Document((await (await fetch(`${started.url}/openapi.json`)).json()) as Json)
  })
  afterAll(() => started.stop())

  test('has nothing that Redocly minds', async () => expect(await lint(document.json)).toBe(''))

  test('has examples that fit their schemas', () => expect(exampleFaults(document)).toEqual([]))

  test('describes the answer of every operation, with every parameter', async () => {
    const caller = new Caller(document, (path, init) => fetch(started.url + path, init))
    await caller.callAll()
    expect(caller.faults).toEqual([])
    expect(caller.calls).toBeGreaterThan(100)
  })
})

describe('the OpenAPI document of an API with logins, rules, actions and keys', () => {
  const app = office()
  afterAll(() => app.close())
  const read = async (): Promise<Document> => {
    const response = await app.fetch(new Request('http://localhost/api/openapi.json'))
    return new Document((await response.json()) as Json)
  }

  test('has nothing that Redocly minds', async () => expect(await lint((await read()).json)).toBe(''))

  test('describes the answer of every operation', async () => {
    const document = await read()
    const { access_token } = (await (
      await app.fetch(
        new Request('http://localhost/api/auth/token', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ email: 'ann@example.com', password: 'correct horse battery' }),
        }),
      )
    ).json()) as { access_token: string }
    const described = document.operations.filter(one => one.operation['x-resource'] !== 'auth')
    const caller = new Caller(Object.assign(document, { operations: described }), (path, init) =>
      app.fetch(
        new Request(`http://localhost/api${path}`, {
          ...init,
          headers: { ...(init.headers as object), authorization: `Bearer ${access_token}` },
        }),
      ),
    )
    await caller.callAll()
    expect(caller.faults).toEqual([])
  })

  test.each([
    ['/task', 'get', [{}, { bearer: [] }, { session: [] }]],
    ['/task', 'post', [{ bearer: [] }, { session: [] }]],
    ['/notice', 'get', [{}, { bearer: [] }, { session: [] }]],
    ['/notice', 'post', [{ bearer: [] }, { session: [] }]],
    ['/task/{id}/close', 'post', [{ bearer: [] }, { session: [] }]],
    ['/hello', 'get', [{}, { bearer: [] }, { session: [] }]],
  ])('says who may %s %s', async (path, method, security) => {
    const { json } = await read()
    expect(json['paths'][path][method].security).toEqual(security)
  })

  test('names required fields, fields that clients choose, and omits hidden ones', async () => {
    const { json } = await read()
    const { schemas } = json['components']
    expect(schemas.User.properties).not.toHaveProperty('password')
    expect(schemas.UserCreate.properties.password).toMatchObject({ format: 'password', writeOnly: true })
    expect(schemas.UserCreate.required).toEqual(['email', 'password'])
    expect(schemas.TaskCreate.required).toEqual(['title', 'user'])
    expect(schemas.UserCreate.properties.tasks.items.anyOf).toContainEqual({
      $ref: '#/components/schemas/TaskCreateInUser',
    })
    expect(schemas.TaskCreateInUser.required).toEqual(['title'])
    expect(schemas.Task.required).not.toContain('secret')
    expect(schemas.TaskPatch.required).toBeUndefined()
    expect(json['paths']['/invoice'].post.parameters).toContainEqual(
      expect.objectContaining({ name: 'Idempotency-Key', required: true }),
    )
  })

  test('shows the schemas of actions in whichever way they were declared', async () => {
    const { json } = await read()
    const { schemas } = json['components']
    expect(schemas['Task.close.input'].properties).toEqual({ why: { type: ['string', 'null'] } })
    expect(schemas['Hello.get.output']).toMatchObject({ properties: { hello: { type: 'string' } } })
    expect(json['paths']['/hello'].get.parameters).toMatchObject([
      { name: 'name', in: 'query', schema: { default: 'world' } },
    ])
    expect(json['paths']['/task/{id}/close'].post.responses).toMatchObject({
      409: { description: expect.stringContaining('Closed') },
    })
  })
})

test('the document of resources that refer to each other in a long chain', async () => {
  const chain = Array.from({ length: 500 }, (_, i): [string, any] => {
    const next = i === 499 ? {} : { next: t.one(`r${i + 1}`, { inverse: 'prior' }) }
    const prior = i === 0 ? {} : { prior: t.back(`r${i - 1}`, 'next') }
    return [`r${i}`, resource({ id: t.id(), ...next, ...prior }).public()]
  })
  const app = api(Object.fromEntries(chain), { store: memory(), report: () => {}, http: { log: () => {} } })
  const response = await app.fetch(new Request('http://localhost/openapi.json'))
  expect(response.status).toBe(200)
  expect(Object.keys(((await response.json()) as Json)['components'].schemas).length).toBeGreaterThan(500)
  await app.close()
}, 60_000)
