import { api, memory, resource, t, type Api } from '../../src/index.ts'

const cookie = resource({
  id: t.id(),
  type: t.text().nullable(),
  jar: t.one('jar').nullable(),
})

const jar = resource({
  id: t.id(),
  cookies: t.back('cookie', 'jar'),
  count: t.count('cookies'),
  closed: t.bool().default(false),
})

export const app: Api = api({ cookie, jar }, { store: memory() })
await app.post('jar', [{ cookies: [{ type: 'donut' }, { type: 'biscuit' }] }, { cookies: [{ type: 'shortbread' }] }])
