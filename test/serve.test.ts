import { expect, test } from 'vitest'
import { api } from '../src/api.ts'
import type { Principal } from '../src/engine/call/call.ts'
import { handled } from '../src/model/declare/handled.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { serve, uriTable, type ServeOptions } from '../src/serve.ts'

const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }, { readOnly: true })
const todo = resource({ id: t.id(), text: t.text(), list: t.one('list').nullable() }, { path: ['todo', 'todos'] })
const secret = resource({ id: t.id() }, { path: null })

/** Options of a test: a free port, no output, no signals. */
const quiet = (more: ServeOptions = {}): ServeOptions => ({ port: 0, signals: false, report: () => {}, ...more })

/** An API whose callers wait to be known until they are let in. */
function gated() {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  const { promise: allowed, resolve: allow } = Promise.withResolvers<Principal>()
  const app = api(
    { list, todo },
    {
      authenticate: () => {
        arrive()
        return allowed
      },
    },
  )
  return { app, arrived, letIn: () => allow({ id: 1 }) }
}

test('start-up prints the URIs, and warns of resources that are open only by omission', async () => {
  const lines: string[] = []
  const served = await serve(api({ list, todo, secret }), quiet({ report: line => lines.push(line) }))
  await served.close()
  expect(lines).toEqual([
    'Open to everyone on this machine, because they have no rules: list, todo',
    `Restuary serves http://127.0.0.1:${served.port}`,
    '  /list  read-only       /list/:id, /list/:id/{todos}',
    '  /todo  read and write  /todo/:id',
    `Documentation: http://127.0.0.1:${served.port}/docs`,
  ])
})

test('resources that are declared open cause no warning', async () => {
  const lines: string[] = []
  const served = await serve(
    api({ todo: resource({ id: t.id() }).public() }),
    quiet({ report: line => lines.push(line) }),
  )
  await served.close()
  expect(lines.filter(line => line.startsWith('Open'))).toEqual([])
})

test('a resource without rules is not served to other machines', async () => {
  const app = api({ list, todo, secret })
  await expect(serve(app, quiet({ host: '0.0.0.0' }))).rejects.toThrow(
    /no rules, so anyone could read and write them, and 0\.0\.0\.0 is reachable from other machines: list, todo\. Give them rules/,
  )
})

test('if callers are told apart, nothing is open by omission', async () => {
  const lines: string[] = []
  const app = api({ todo: resource({ id: t.id() }) }, { authenticate: () => null })
  const served = await serve(app, quiet({ host: '0.0.0.0', report: line => lines.push(line) }))
  expect((await fetch(`http://127.0.0.1:${served.port}/todo`)).status).toBe(401)
  await served.close()
  expect(lines[0]).toMatch(/^Restuary serves/)
})

test.each(['127.0.0.1', 'localhost'])('%s is this machine', async host => {
  const served = await serve(api({ todo: resource({ id: t.id() }) }), quiet({ host }))
  expect((await fetch(`${served.url}/todo`)).status).toBe(200)
  await served.close()
})

test('closing lets a request under way finish, and takes no new one', async () => {
  const { app, arrived, letIn } = gated()
  const served = await serve(app, quiet())
  const answer = fetch(`${served.url}/todo`)
  await arrived
  const closed = served.close()
  expect(served.close()).toBe(closed)
  await expect(fetch(`${served.url}/todo`)).rejects.toThrow()
  letIn()
  expect((await answer).status).toBe(200)
  await closed
})

test('closing does not wait for a request for longer than its grace', async () => {
  const { app, arrived } = gated()
  const served = await serve(app, quiet({ grace: 10 }))
  const answer = expect(fetch(`${served.url}/todo`)).rejects.toThrow()
  await arrived
  await served.close()
  await answer
})

test('closing does not wait for idle connections that are kept alive', async () => {
  const served = await serve(api({ todo: resource({ id: t.id() }) }), quiet({ grace: 60_000 }))
  await (await fetch(`${served.url}/todo`)).text()
  await served.close()
  expect(served.server.listening).toBe(false)
})

test('a port that is taken is named, and the store is closed', async () => {
  const first = await serve(api({ todo: resource({ id: t.id() }) }), quiet())
  const second = serve(api({ todo: resource({ id: t.id() }) }), quiet({ port: first.port }))
  await expect(second).rejects.toThrow(`Port ${first.port} on 127.0.0.1 is in use. Choose another port`)
  await first.close()
})

test('the table of URIs is aligned, and internal resources are not in it', () => {
  const { model } = api({ list, todo, secret })
  expect(uriTable(model, 'http://x').join('\n')).not.toContain('secret')
})

test('handled resources are in the table, with their operations', () => {
  const lamps = handled({ '/lamps/': { get: () => [] }, '/lamps/<int:id>': { get: () => 1, patch: () => {} } })
  const app = api({ list, todo, lamps })
  expect(uriTable(app.model, 'http://x', app.handled.routes.all).map(line => line.trim())).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^\/lamps\/ +get$/),
      expect.stringMatching(/^\/lamps\/<int:id> +get, patch$/),
    ]),
  )
})
