import { describe, expect, test } from 'vitest'
import { link } from '../../model/link/link.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { routesOf } from './routes.ts'
import type { Endpoint, RouteMatch } from './endpoint.ts'

const model = link({
  user: resource({
    id: t.id(),
    name: t.text(),
    todos: t.back('todo', 'owner'),
    secret: t.back('note', 'user').hidden(),
  }),
  todo: resource({ id: t.id(), title: t.text(), owner: t.one('user') }, { path: ['/todo', '/lists/all/todos'] }),
  note: resource({ id: t.id('text', { client: true }), user: t.one('user') }),
  device: resource({ id: t.id('uuid') }),
  inner: resource({ id: t.id() }, { path: null }),
})
const page = { path: '/health', type: 'text/plain', cache: 'no-store', text: () => 'ok' }
const at = (path: string, prefix = ''): string => {
  const into: RouteMatch = { id: null, parent: null }
  const found: Endpoint | null = routesOf(model, prefix, [page]).match(path, into)
  if (found === null) return 'nothing'
  if (found.kind === 'page') return `page ${found.page.path}`
  if (found.kind === 'service') return `service ${found.service.path}`
  if (found.kind === 'action') return `action ${[...found.actions.values()].map(one => one.name).join(' ')}`
  const parent = into.parent ? `${into.parent.resource.name} ${into.parent.id} ${into.parent.field.name} > ` : ''
  return `${parent}${found.kind} ${found.resource.name}${into.id === null ? '' : ` ${JSON.stringify(into.id)}`}`
}

describe('routes', () => {
  test.each([
    ['/todo', 'collection todo'],
    ['/todo/', 'collection todo'],
    ['/todo/7', 'item todo 7'],
    ['/todo/7/', 'item todo 7'],
    ['/todo/-7', 'item todo -7'],
    ['/lists/all/todos', 'collection todo'],
    ['/lists/all/todos/7', 'item todo 7'],
    ['/user/3/todos', 'user 3 todos > collection todo'],
    ['/user/3/todos/', 'user 3 todos > collection todo'],
    ['/user/3/todos/7', 'user 3 todos > item todo 7'],
    ['/note/a%2Fb', 'item note "a/b"'],
    ['/note/%C3%A9', 'item note "é"'],
    ['/health', 'page /health'],
  ])('%s is %s', (path, what) => expect(at(path)).toBe(what))

  test.each([
    '//todo',
    '/todo//',
    '/todo//7',
    '/todo/01',
    '/todo/+7',
    '/todo/7.0',
    '/todo/1e0',
    '/todo/ 1',
    '/todo/%201',
    '/todo/99999999999999999999',
    '/todo/-',
    '/todo/-0',
    '/todo/abc',
    '/todo/constructor',
    '/todo/7/owner',
    '/todo/7/title',
    '/todo/7/nope',
    '/user/3/secret',
    '/user/x/todos',
    '/user/3/todos/x',
    '/user/3/todos/7/owner',
    '/lists',
    '/lists/all',
    '/inner',
    '/hasOwnProperty',
    '/__proto__/1',
    '/device/0190B2A4-0000-7000-8000-000000000000',
    '/health/x',
    '',
    'todo',
  ])('%s is nothing', path => expect(at(path)).toBe('nothing'))

  test('a broken escape is refused', () => {
    expect(() => at('/note/%E0%A4%A')).toThrow(expect.objectContaining({ code: 'bad_encoding' }))
  })

  test.each([
    ['/api/todo/7', 'item todo 7'],
    ['/api/health', 'page /health'],
    ['/todo', 'nothing'],
    ['/apitodo', 'nothing'],
    ['/api', 'nothing'],
  ])('mounted at /api, %s is %s', (path, what) => expect(at(path, '/api')).toBe(what))

  test('URIs are written as they are read, under the first path and the prefix', () => {
    const routes = routesOf(model, '/api', [])
    const [user, todo, note, inner] = ['user', 'todo', 'note', 'inner'].map(name => model.resources.get(name)!)
    expect(routes.collection(todo!)).toBe('/api/todo')
    expect(routes.item(note!, 'a/b é')).toBe('/api/note/a%2Fb%20%C3%A9')
    expect(routes.nested({ resource: user!, id: 3, field: user!.field.get('todos')! })).toBe('/api/user/3/todos')
    expect(routes.item(inner!, 1)).toBeNull()
  })
})
