// The OpenAPI document's description of files, compared with what the API does.
import { afterAll, expect, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { Document, type Described, type Json } from './document.ts'
import { lint } from './lint.ts'

const album = resource({ id: t.id(), name: t.text(), pictures: t.back('picture', 'album') }).public()
const picture = resource({
  id: t.id(),
  title: t.text({ max: 40 }),
  album: t.one('album').nullable(),
  tags: t.list(t.text()).default([]),
  image: t.file({ max: 1_000, types: ['image/png', 'image/jpeg'] }).title('The picture'),
  notes: t.file(),
  scan: t.file().readonly(),
  secret: t.file().hidden(),
}).public()
const app = api({ album, picture }, { report: () => {}, http: { log: () => {} } })
afterAll(() => app.close())

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  app.fetch(new Request(`http://localhost${path}`, init))

const read = async (): Promise<Document> => new Document((await (await ask('/openapi.json')).json()) as Json)

test('has nothing that Redocly minds', async () => expect(await lint((await read()).json)).toBe(''))

test('describes the URIs of files, their types and their operations', async () => {
  const { json } = await read()
  const paths = json['paths'] as Json
  expect(Object.keys(paths).filter(path => /\/(?:image|notes|scan|secret)$/.test(path))).toEqual([
    '/picture/{id}/image',
    '/picture/{id}/notes',
    '/picture/{id}/scan',
  ])
  expect(Object.keys(paths['/picture/{id}/image'])).toEqual(['get', 'put', 'delete'])
  expect(Object.keys(paths['/picture/{id}/scan'])).toEqual(['get'])
  expect(Object.keys(paths['/picture/{id}/image'].put.requestBody.content)).toEqual(['image/png', 'image/jpeg'])
  const form = paths['/picture'].post.requestBody.content['multipart/form-data']
  expect(Object.keys(form.schema.properties)).toEqual(['title', 'album', 'tags', 'image', 'notes'])
  expect(form.encoding.image.contentType).toBe('image/png, image/jpeg')
  expect(paths['/picture/{id}'].patch.requestBody.content).toHaveProperty(['multipart/form-data'])
  expect(paths['/picture/{id}'].put.requestBody.content).not.toHaveProperty(['multipart/form-data'])
  expect(paths['/album'].post.requestBody.content).not.toHaveProperty(['multipart/form-data'])
})

test('says how large files may be, in bytes of the file, and that null deletes one', async () => {
  const { json } = await read()
  const put = json['paths']['/picture/{id}/image'].put
  expect(put).toMatchObject({
    summary: 'Sends the bytes of `image` of a row of `picture`',
    requestBody: { description: 'At most 1000 bytes.' },
  })
  const { properties } = json['components'].schemas.Picture
  expect(properties.image.description).toBe('at most 1000 bytes of image/png, image/jpeg')
  expect(properties.notes.description).toBe('at most 10485760 bytes')
  expect(json['components'].schemas.PicturePatch.properties.image.description).toBe('Null deletes the file.')
})

test('describes the answers', async () => {
  const document = await read()
  const of = (method: string, path: string): Described =>
    document.operations.find(one => one.method === method && one.path === path)!
  const form = new FormData()
  form.set('title', 'a')
  form.set('image', new File(['png'], 'a.png', { type: 'image/png' }))
  const faults: string[] = []
  const call = async (method: string, path: string, init: RequestInit = {}): Promise<number> => {
    const response = await ask(path.replace('{id}', '1'), { method, ...init })
    const { status, headers } = response
    faults.push(...document.faults(of(method, path), { status, headers, text: await response.text() }))
    return status
  }
  const type = { 'content-type': 'image/png' }
  const image = '/picture/{id}/image'
  const statuses = [
    await call('POST', '/picture', { body: form }),
    await call('GET', '/picture/{id}'),
    await call('PATCH', '/picture/{id}', { body: form }),
    await call('PUT', image, { body: 'x', headers: type }),
    await call('PUT', '/picture/{id}/notes', { body: 'x' }),
    await call('PUT', image, { body: 'x', headers: { ...type, prefer: 'return=minimal' } }),
    await call('PUT', image, { body: 'x'.repeat(1_001), headers: type }),
    await call('PUT', image, { body: 'x', headers: { 'content-type': 'text/html' } }),
    await call('PUT', image, { body: 'x', headers: { ...type, 'if-match': '"x"' } }),
    await call('GET', image),
    await call('GET', image, { headers: { range: 'bytes=0-0' } }),
    await call('GET', image, { headers: { range: 'bytes=9-' } }),
    await call('GET', image, { headers: { 'if-none-match': '*' } }),
    await call('DELETE', image),
    await call('GET', image),
  ]
  expect(statuses).toEqual([201, 200, 200, 200, 201, 204, 413, 415, 412, 200, 206, 416, 304, 204, 404])
  expect(faults).toEqual([])
})

test('a JSON body can delete a file, but not upload one', async () => {
  const document = await read()
  const patch = { $ref: '#/components/schemas/PicturePatch' }
  expect(document.invalid(patch, { image: null })).toEqual([])
  expect(document.invalid(patch, { image: { name: 'x' } })).not.toEqual([])
  expect(document.invalid({ $ref: '#/components/schemas/PictureCreate' }, { title: 'a' })).toEqual([])
})
