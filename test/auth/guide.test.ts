// The first example in docs/guide/authentication.md does what the page says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Api } from '../../src/api.ts'

const page = readFileSync(new URL('../../docs/guide/authentication.md', import.meta.url), 'utf8')

test('the guide: sign up, log in, keep a note, log out', async () => {
  const [example = ''] = [...page.matchAll(/```ts\n(.*?)```/gs)].map(found => found[1]!)
  const code = example
    .replace("'restuary'", JSON.stringify(new URL('../../src/index.ts', import.meta.url).href))
    .replace("sqlite('notes.db')", "sqlite(':memory:')")
    .replace("process.env['SECRET'] ?? ''", "'a secret of more than thirty-two bytes'")
    .replace('await serve(app)', 'export { app, serve }')
  const directory = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
  const file = join(directory, 'example.ts')
  writeFileSync(file, code)
  try {
    const { app } = (await import(/* @vite-ignore */ file)) as { app: Api }
    const ask = async (method: string, path: string, body?: unknown, token?: string): Promise<[number, any]> => {
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      }
      const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
      const answer = await app.fetch(new Request(`http://h${path}`, init))
      const text = await answer.text()
      return [answer.status, text === '' ? null : JSON.parse(text)]
    }
    const ann = { email: 'Ann@example.com', password: 'correct horse' }
    expect(await ask('POST', '/user', { ...ann, role: 'admin' })).toMatchObject([400, { error: 'read_only' }])
    expect((await ask('POST', '/user', ann))[0]).toBe(201)
    const [status, { access_token: token }] = await ask('POST', '/auth/token', ann)
    expect(status).toBe(200)
    expect(await ask('POST', '/note', { text: 'buy milk' }, token)).toEqual([
      201,
      { id: 1, text: 'buy milk', owner: 1 },
    ])
    expect(await ask('GET', '/note')).toMatchObject([401, { error: 'unauthenticated' }])
    expect((await ask('POST', '/auth/logout', undefined, token))[0]).toBe(204)
    expect((await ask('GET', '/note', undefined, token))[0]).toBe(401)
    await app.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
