import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'

test.each(['', '/api', '/api/'])('URLs in bodies begin with the prefix of the API: %j', async prefix => {
  const page = resource({ id: t.id(), url: t.url.self(), text: t.file() }, { path: 'pages' }).public()
  const app = api({ page }, { store: memory(), http: { prefix, log: () => {} } })
  onTestFinished(() => app.close())
  const base = prefix.replace(/\/$/, '')
  await app.post('page', {})
  const put = { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'words' }
  await app.fetch(new Request(`http://host${base}/pages/1/text`, put))
  const row: unknown = await app.get('page', 1)
  expect(row).toMatchObject({ url: `${base}/pages/1`, text: { url: `${base}/pages/1/text` } })
  const { url } = (row as { text: { url: string } }).text
  expect(await (await app.fetch(new Request(`http://host${url}`))).text()).toBe('words')
})
