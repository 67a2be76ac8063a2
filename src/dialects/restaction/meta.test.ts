import { describe, expect, test } from 'vitest'
import { act, action, actions } from '../../model/declare/action.ts'
import { link } from '../../model/link/link.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { prefersJson } from './meta-choice.ts'
import { restactionNotation } from './notation.ts'
import { metaData, metaFile, sortedJson } from './meta.ts'

const notation = restactionNotation()
const nothing = metaFile()
const run = (): number => 1

describe('meta data', () => {
  test('of an API without anything', () => {
    expect(metaData(link({}), nothing, '')).toEqual({
      $auth: { algorithm: 'HS256', cookie: null, expiration: 3600, header: 'Authorization', refresh: true },
      $desc: '',
      $error: {
        '400.InvalidData': 'request data invalid',
        '403.PermissionDeny': 'permission deny',
        '500.ServerError': 'internal server error',
      },
      $shared: {},
      $title: 'Document',
      $url_prefix: '',
    })
  })

  // The case "meta f=" of the recorded behaviour.
  test('of actions with documentation texts and a meta file', () => {
    const hello = actions('Hello', '# Hello\n\ndocstring for Hello\n\n$shared:\n    name: str\n', {
      get: act(
        'Get hello\n\nmore text\n\n$input:\n    name@name: Name\n$output:\n    message?str: m\n$error:\n    404.NotFound: nf\n',
        run,
      ),
      post_login: act(null, run),
      put: act('', run),
      delete: act('no yaml', run),
    })
    const model = link(
      { hello },
      {
        notation,
        docs: '# My API 中文 \n\nIntro *md*\n\n$shared:\n    id: int\n$error:\n    404.NotFound: nothing\n    500.ServerError: custom\n',
      },
    )
    const file = metaFile({
      $roles: { admin: { hello: ['get'] } },
      $xxx: 'test',
      $desc: 'ignored',
      $title: 'ignored',
      $url_prefix: '/ignored',
      $auth: { expiration: 60 },
    })
    expect(metaData(model, file, '/api')).toEqual({
      $auth: { algorithm: 'HS256', cookie: null, expiration: 60, header: 'Authorization', refresh: true },
      $desc: '# My API 中文 \n\nIntro *md*',
      $error: {
        '400.InvalidData': 'request data invalid',
        '403.PermissionDeny': 'permission deny',
        '404.NotFound': 'nothing',
        '500.ServerError': 'custom',
      },
      $roles: { admin: { hello: ['get'] } },
      $shared: { id: 'int' },
      $title: 'My API 中文',
      $url_prefix: '/api',
      $xxx: 'test',
      hello: {
        $desc: '# Hello\n\ndocstring for Hello',
        $shared: { name: 'str' },
        delete: { $desc: 'no yaml' },
        get: {
          $desc: 'Get hello\n\nmore text',
          $error: { '404.NotFound': 'nf' },
          $input: { 'name@name': 'Name' },
          $output: { 'message?str': 'm' },
        },
        post_login: {},
        put: { $desc: '' },
      },
    })
  })

  test('resources with rows have get, post and the actions on the list', () => {
    const close = action({ on: 'row', run })
    const todo = resource({ id: t.id() })
      .docs('Things')
      .actions({ close, get_stats: action({ run }), sweep: action({ run }) })
    const seen = resource({ id: t.id() }, { readOnly: true })
    const odd = resource({ id: t.id() }, { path: 'a/b' })
    const hidden = resource({ id: t.id() }, { path: null })
    const meta = metaData(link({ todo, seen, odd, hidden }, { notation }), nothing, '')
    const keys = Object.entries(meta).filter(([name]) => !name.startsWith('$'))
    expect(keys.map(([name, one]) => [name, Object.keys(one as object)])).toEqual([
      ['todo', ['$desc', 'get', 'post', 'get_stats', 'post_sweep']],
      ['seen', ['get']],
    ])
  })

  test('follows a meta file that changes', () => {
    const file: { $roles?: unknown } = {}
    const read = metaFile(file)
    const model = link({})
    file.$roles = { guest: {} }
    expect(metaData(model, read, '')).toMatchObject({ $roles: { guest: {} } })
  })
})

test('JSON has sorted keys, four spaces deep', () => {
  expect(sortedJson({ b: [1, { z: null, a: 'é' }], '404': {}, '400.X': [], a: undefined, é: true, Z: 1 })).toBe(
    '{\n    "400.X": [],\n    "404": {},\n    "Z": 1,\n    "b": [\n        1,\n        {\n            "a": "é",\n            "z": null\n        }\n    ],\n    "é": true\n}',
  )
})

describe('whether the documentation is wanted as JSON', () => {
  test.each<[string | undefined, boolean]>([
    [undefined, false],
    ['*/*', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
    ['application/json', true],
    ['application/json, text/plain, */*', true],
    ['application/*, */*', true],
    ['application/json;q=0.5, text/html', false],
    ['text/html, application/json', false],
    ['application/json;charset=utf-8', false],
    ['application/json;q=0', false],
    ['image/png', false],
  ])('%s', (accept, wanted) => expect(prefersJson(accept)).toBe(wanted))
})
