import { expect, test } from 'vitest'
import { act, actions, api, memory } from '../../index.ts'
import { tokenAuth } from './token-auth.ts'

test('the documents can be put behind roles, as a resource of their own', async () => {
  const auth = tokenAuth({
    getRole: token => (token ? String(token['role']) : 'guest'),
    docs: 'docs',
    meta: { $roles: { admin: { docs: ['get'], hello: ['get'] }, guest: { hello: ['get'] } } },
  })
  const app = api({ hello: actions('Hello', 'Greets.', { get: act('Greet.', () => 'hi') }) }, { store: memory(), auth })
  const ask = async (path: string, headers = {}): Promise<Response> =>
    app.fetch(new Request(`http://x${path}`, { headers }))
  const { token } = (await auth.issue({ role: 'admin' }))!
  for (const path of ['/docs', '/docs?json', '/docs?f=res.js']) {
    const refused = await ask(path)
    expect([path, refused.status]).toEqual([path, 403])
    const text = await refused.text()
    expect(text).toContain(`guest can't access docs.get`)
    expect(text).not.toContain('$roles')
    const shown = await ask(path, { authorization: token })
    expect([path, shown.status, shown.headers.get('cache-control')]).toEqual([path, 200, 'private, no-cache'])
  }
  expect(await (await ask('/docs?json', { authorization: token })).text()).toContain('$roles')
  await app.close()
})
