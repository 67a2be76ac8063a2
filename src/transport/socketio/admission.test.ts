import { expect, test } from 'vitest'
import { api, memory, resource, t } from '../../index.ts'
import { served } from '../../../test/speakers.ts'

test('a polling session that began with credentials is closed to others, however its id is written', async () => {
  const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() }).login('email', 'password')
  const app: any = api({ user: user.public() } as never, { store: memory(), report: () => {}, auth: {} })
  await app.ready()
  await app.post('user', { email: 'ann@x.io', password: 'correct horse' })
  const port = await served(app)
  const json = { 'content-type': 'application/json' }
  const login = await fetch(`http://127.0.0.1:${port}/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email: 'ann@x.io', password: 'correct horse' }),
  })
  const { access_token: token } = (await login.json()) as { access_token: string }
  const poll = (query: string, headers = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling${query}`, { headers })
  const mine = { authorization: `Bearer ${token}` }
  const sessionOf = async (answer: Response): Promise<string> => JSON.parse((await answer.text()).slice(1)).sid
  for (const begun of ['', '&sid=']) {
    const sid = await sessionOf(await poll(begun, mine))
    const encoded = `%${sid.charCodeAt(0).toString(16)}${sid.slice(1)}`
    for (const query of [`&sid=${sid}`, `&%73id=${sid}`, `&sid=x&sid=${sid}`, `&sid=${encoded}`, `&sid&sid=${sid}`])
      expect([query, (await poll(query)).status]).toEqual([query, 401])
    const posted = await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling&%73id=${sid}`, {
      method: 'POST',
      body: '40',
    })
    expect(posted.status).toBe(401)
  }
})
