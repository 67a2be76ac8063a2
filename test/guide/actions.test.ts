// The first example in docs/guide/actions.md does what the page says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Api } from '../../src/index.ts'

const page = readFileSync(new URL('../../docs/guide/actions.md', import.meta.url), 'utf8')

test('the guide: import, close, greet, CSV', async () => {
  const [example = ''] = [...page.matchAll(/```ts\n(.*?)```/gs)].map(found => found[1]!)
  const code = example
    .replace("'restuary'", JSON.stringify(new URL('../../src/index.ts', import.meta.url).href))
    .replace('await serve(app)', 'export { app, serve }')
  const directory = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
  try {
    const file = join(directory, 'example.ts')
    writeFileSync(file, code)
    const { app } = (await import(/* @vite-ignore */ file)) as { app: Api }
    const ask = async (path: string, init: RequestInit = {}): Promise<[number, string]> => {
      const answer = await app.fetch(new Request(`http://h${path}`, init))
      return [answer.status, await answer.text()]
    }
    const lines = {
      method: 'POST',
      body: '{"lines":[" pack ","passport"]}',
      headers: { 'content-type': 'application/json' },
    }
    expect(await ask('/todo/import', lines)).toEqual([201, '{"made":2}'])
    expect(await ask('/todo/1/close', { method: 'POST' })).toEqual([200, '{"id":1,"text":"pack","done":true}'])
    expect((await ask('/todo/1/close', { method: 'POST' }))[0]).toBe(409)
    expect(await ask('/hello?name=Ann')).toEqual([200, '{"message":"Hello Ann"}'])
    expect(await ask('/todo', { headers: { accept: 'text/csv' } })).toEqual([
      200,
      'id,text,done\r\n1,pack,true\r\n2,passport,false\r\n',
    ])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
