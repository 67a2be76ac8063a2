import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Document, type Json } from './document.ts'
import { office } from './office.ts'

const require = createRequire(import.meta.url)
const app = office()
let document: Json
beforeAll(async () => {
  document = (await (await app.fetch(new Request('http://localhost/api/asyncapi.json'))).json()) as Json
})
afterAll(() => app.close())

/** The faults of a document by the schema of AsyncAPI 3.0. */
function faultsOf(json: unknown): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  const path = require.resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json')
  const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object)
  return validate(json) ? [] : (validate.errors ?? []).map(one => `${one.instancePath}: ${one.message ?? ''}`)
}

test('the AsyncAPI document is one', () => expect(faultsOf(document)).toEqual([]))

test('an invalid document is noticed', () => {
  expect(faultsOf({ ...document, channels: { native: { address: 7 } } })).not.toEqual([])
  expect(faultsOf({ ...document, operations: { 'native.send': { action: 'tell' } } })).not.toEqual([])
})

test('every reference leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
  expect(refs.length).toBeGreaterThan(50)
  const read = new Document({ ...document, paths: {} })
  expect(refs.filter(ref => read.resolve({ $ref: ref }) === undefined)).toEqual([])
})

test('every message belongs to an operation, and every face to a channel', () => {
  const of = (channel: string): string[] => Object.keys(document['channels'][channel].messages)
  const operations = Object.values(document['operations']) as { messages: { $ref: string }[] }[]
  const used = new Set(operations.flatMap(one => one.messages.map(message => message.$ref)))
  const all = Object.keys(document['channels']).flatMap(channel =>
    of(channel).map(name => `#/channels/${channel}/messages/${name}`),
  )
  expect(all.filter(ref => !used.has(ref))).toEqual([])
  expect(Object.keys(document['channels'])).toEqual(
    expect.arrayContaining(['sse.task.list', 'sse.task.row', 'native', 'envelope', 'socketio']),
  )
})

describe('messages as they are sent', () => {
  const row = {
    id: 1,
    title: 'a',
    done: false,
    due: null,
    price: '0.00',
    tags: [],
    size: null,
    user: 1,
    watchers: [],
    made: '2026-01-01T00:00:00Z',
  }
  test.each<[string, string, unknown, boolean]>([
    ['sse.task.list', 'snapshot', [row], true],
    ['sse.task.list', 'snapshot', row, false],
    ['sse.task.list', 'created', { resource: 'task', id: 1, version: 'e.1', data: row }, true],
    ['sse.task.list', 'created', { resource: 'task', id: 1, version: 'e.1', data: row, reason: 'enter' }, true],
    ['sse.task.list', 'created', { resource: 'task', id: 1, version: 'e.1', data: null }, false],
    ['sse.task.row', 'deleted', { resource: 'task', id: 1, version: 'e.1', data: null }, true],
    ['native', 'read', { op: 'list', id: 1, uri: '/task', params: { filter: { done: false } } }, true],
    ['native', 'write', { op: 'patch', id: 'x', uri: '/task/1', data: { done: true }, ifMatch: 'e.1' }, true],
    ['native', 'write', { op: 'steal', id: 1, uri: '/task/1' }, false],
    [
      'native',
      'commit',
      { op: 'commit', sub: 1, position: 'e.2', events: [{ kind: 'leave', id: 1, version: 'e.2' }] },
      true,
    ],
    ['envelope', 'request', { stream: 'task', payload: { action: 'retrieve', pk: 1, request_id: 7 } }, true],
    ['envelope', 'request', { stream: 'nothing', payload: { action: 'retrieve' } }, false],
    [
      'envelope',
      'response',
      { stream: 'task', payload: { errors: [], data: row, action: 'retrieve', response_status: 200, request_id: 7 } },
      true,
    ],
    ['envelope', 'push', { stream: 'task', payload: { action: 'update', pk: 1, data: row, model: 'app.task' } }, true],
    ['socketio', 'state', { uri: '/task/', resource: [row] }, true],
    ['socketio', 'patch', { uri: '/task/1', patch: { done: true } }, true],
    ['socketio', 'state', { uri: '/task?done=false', resource: [row], ids: [1], position: 'e.1', reset: true }, true],
    ['socketio', 'patch', { uri: '/task?done=false', id: 1, patch: { done: true }, position: 'e.1' }, true],
    ['socketio', 'leave', { uri: '/task?done=false', id: 1 }, true],
    ['socketio', 'order', { uri: '/task?sort=user.name', ids: [2, 1] }, true],
    ['socketio', 'api_error', { error: 'InvalidRequestError', message: 'missing URI' }, true],
    ['socketio', 'client.create', { attributes: {} }, false],
  ])('%s %s', (channel, name, payload, fits) => {
    const read = new Document({ ...document, paths: {} })
    const { payload: schema } = document['channels'][channel].messages[name] as Json
    expect(read.invalid(schema, payload).length === 0).toBe(fits)
  })
})
