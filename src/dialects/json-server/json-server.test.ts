import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { inserted } from './changes.ts'
import { jsonServer, refuseJsonServerWords } from './index.ts'

const HOUSES = [
  { id: 1, name: 'Tower', rooms: 3, built: { year: 1820, by: 'Ada' } },
  { id: 2, name: 'Mill', rooms: 12, built: { year: 1901, by: 'Bo' } },
  { id: 3, name: 'Barn', rooms: null },
  { id: 4, rooms: 12, tags: ['Thatched', 'old'] },
]
const GUESTS = [
  { id: 'a1', name: 'Cy', houseId: 1, paid: true },
  { id: 'b2', name: 'Di', houseId: 2, paid: false },
  { id: 'c3', name: 'Ed', houseId: 2, paid: true },
]
const NOTES = [
  { id: 1, text: 'late', guestId: 'b2', houseId: 1 },
  { id: 2, text: 'early', guestId: 'a1', houseId: 1 },
]
const DOCUMENT = {
  houses: HOUSES,
  guests: GUESTS,
  notes: NOTES,
  days: Array.from({ length: 25 }, (_, i) => ({ id: i + 1 })),
  settings: { title: 'Inn', open: true },
  version: 3,
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}
interface Started {
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>
  readonly send: (method: string, path: string, body?: unknown, type?: string) => Promise<Answer>
  readonly file: string
  readonly content: () => any
  readonly told: string[]
  readonly app: any
}

function start(text: string = JSON.stringify(DOCUMENT), readOnly = false): Started {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  const file = join(directory, 'db.json')
  writeFileSync(file, text)
  const told: string[] = []
  const server = jsonServer(file, { public: true, readOnly, report: line => told.push(line) })
  const app = api(server.resources, { http: { services: server.services }, report: () => {} })
  const stop = server.start((uri, change) => app.publish(uri, change))
  onTestFinished(async () => {
    stop()
    await app.close()
    rmSync(directory, { recursive: true })
  })
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await app.fetch(new Request(`http://inn.example${path}`, init))
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
  return {
    get: (path, headers = {}) => ask(path, { headers }),
    send: (method, path, body, type = 'application/json') =>
      ask(path, {
        method,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        headers: body === undefined ? {} : { 'content-type': type },
      }),
    file,
    content: () => JSON.parse(readFileSync(file, 'utf8')),
    told,
    app,
  }
}

describe('a list', () => {
  test.each<[query: string, ids: unknown[]]>([
    ['', [1, 2, 3, 4]],
    ['?name=Mill', [2]],
    ['?name=mill', []],
    ['?rooms=12', [2, 4]],
    ['?rooms=12&name=Mill', [2]],
    ['?id=1&id=3', [1, 3]],
    ['?built.year=1901', [2]],
    ['?tags[0]=Thatched', [4]],
    ['?unknown=1&callback=f&_=1', [1, 2, 3, 4]],
    ['?rooms_gte=4', [2, 4]],
    ['?rooms_lte=3', [1]],
    ['?built.year_gte=1800&built.year_lte=1900', [1]],
    ['?name_ne=Mill', [1, 3]],
    ['?name_ne=Mill&name_ne=Barn', [1]],
    ['?name_like=AR', [3]],
    ['?name_like=%5E(to|mi)', [1, 2]],
    ['?q=THATCH', [4]],
    ['?q=ada', [1]],
    ['?q=nothing', []],
    ['?q=12&name=Mill', [2]],
    ['?_sort=rooms', [1, 2, 4, 3]],
    ['?_sort=rooms&_order=desc', [3, 2, 4, 1]],
    ['?_sort=rooms,id&_order=asc,desc', [1, 4, 2, 3]],
    ['?_sort=name', [3, 2, 1, 4]],
    ['?_sort=built.by&_order=DESC', [3, 4, 2, 1]],
    ['?_start=1', [1, 2, 3, 4]],
    ['?_start=1&_end=3', [2, 3]],
    ['?_end=-1', [1, 2, 3]],
    ['?_start=1&_limit=2', [2, 3]],
    ['?_page=2&_limit=3', [4]],
    ['?_page=9', []],
  ])('%s', async (query, ids) => {
    const { status, body } = await start().get(`/houses${query}`)
    expect(status).toBe(200)
    expect(body.map((row: { id: unknown }) => row.id)).toEqual(ids)
  })

  test('tells its length and its pages where a part is asked for', async () => {
    const { get } = start()
    expect((await get('/days?_limit=5')).headers.get('x-total-count')).toBe('25')
    expect((await get('/days?id_lte=3')).headers.get('x-total-count')).toBeNull()
    const { headers, body } = await get('/days?_page=2&id_ne=1')
    expect(body).toHaveLength(10)
    expect(headers.get('x-total-count')).toBe('24')
    const page = (nth: number, rel: string): string => `<http://inn.example/days?_page=${nth}&id_ne=1>; rel="${rel}"`
    expect(headers.get('link')).toBe([page(1, 'first'), page(1, 'prev'), page(3, 'next'), page(3, 'last')].join(', '))
  })

  test('is shown as it stands in the file, down to the digits', async () => {
    const { app } = start('{"stars":[{"id":1,"mass":12345678901234567890.10}]}')
    const response = await app.fetch(new Request('http://inn.example/stars'))
    expect(await response.text()).toBe('[{"id":1,"mass":12345678901234567890.10}]')
  })

  test('refuses patterns that could take long, and those that are none', async () => {
    const { get } = start()
    expect(await get('/houses?name_like=(a%2B)%2Bb')).toMatchObject({ status: 400, body: { error: 'validation' } })
    expect(await get('/houses?name_like=(')).toMatchObject({ status: 400, body: { error: 'validation' } })
  })

  test('has an entity tag', async () => {
    const { get, send } = start()
    const tag = (await get('/houses')).headers.get('etag')!
    expect((await get('/houses', { 'if-none-match': tag })).status).toBe(304)
    await send('PATCH', '/houses/1', { rooms: 4 })
    expect((await get('/houses', { 'if-none-match': tag })).status).toBe(200)
  })
})

test('rows are found by their ids, numbers or texts', async () => {
  const { get } = start()
  expect((await get('/houses/2')).body).toEqual(HOUSES[1])
  expect((await get('/guests/b2')).body).toEqual(GUESTS[1])
  expect(await get('/houses/9')).toMatchObject({ status: 404, body: {} })
  expect((await get('/nowhere')).status).toBe(404)
  expect((await get('/db')).body).toEqual(DOCUMENT)
})

test('related rows are embedded and expanded, and listed below a row', async () => {
  const { get } = start()
  const [tower] = (await get('/houses?_embed=guests&_embed=notes')).body
  expect(tower).toEqual({ ...HOUSES[0], guests: [GUESTS[0]], notes: NOTES })
  expect((await get('/houses/2?_embed=guests')).body.guests).toEqual([GUESTS[1], GUESTS[2]])
  expect((await get('/guests/a1?_expand=house')).body).toEqual({ ...GUESTS[0], house: HOUSES[0] })
  expect((await get('/notes?_expand=guest&_expand=house&_limit=1')).body).toEqual([
    { ...NOTES[0], guest: GUESTS[1], house: HOUSES[0] },
  ])
  expect((await get('/houses/2/guests?_sort=name&_order=desc')).body).toEqual([GUESTS[2], GUESTS[1]])
})

describe('writes', () => {
  test('create rows with any members, and make up their ids', async () => {
    const { send, content } = start()
    const house = await send('POST', '/houses', { name: 'Hut', solar: true })
    expect(house).toMatchObject({ status: 201, body: { id: 5, name: 'Hut', solar: true } })
    expect(house.headers.get('location')).toBe('http://inn.example/houses/5')
    const guest = await send('POST', '/guests', { name: 'Fi' })
    expect(guest.body).toEqual({ id: expect.stringMatching(/^[\w-]{7}$/), name: 'Fi' })
    expect(await send('POST', '/guests', { id: 'own' })).toMatchObject({ status: 201, body: { id: 'own' } })
    expect(await send('POST', '/guests', { id: 'own' })).toMatchObject({ status: 409, body: { error: 'conflict' } })
    expect((await send('POST', '/notes', 'text=a+b&n=1', 'application/x-www-form-urlencoded')).body).toEqual({
      id: 3,
      text: 'a b',
      n: '1',
    })
    expect(content().houses.at(-1)).toEqual({ name: 'Hut', solar: true, id: 5 })
  })

  test('make up an id in lists of any length', () => {
    const days = Array.from({ length: 200_000 }, (_, i) => ({ id: i + 1 }))
    expect(inserted({ days }, 'days', {}).item).toEqual({ id: 200_001 })
  })

  test('create rows below a row, which is then found by them', async () => {
    const { send, get } = start()
    expect((await send('POST', '/houses/3/guests', { id: 'g', name: 'Fi' })).body).toEqual({
      id: 'g',
      name: 'Fi',
      houseId: '3',
    })
    expect((await get('/houses/3/guests')).body).toHaveLength(1)
    expect((await get('/houses/3?_embed=guests')).body.guests).toHaveLength(1)
    expect((await get('/guests/g?_expand=house')).body.house).toEqual(HOUSES[2])
  })

  test('replace and change rows, which keep their ids', async () => {
    const { send, content } = start()
    expect((await send('PUT', '/houses/1', { id: 9, attic: 1 })).body).toEqual({ id: 1, attic: 1 })
    expect((await send('PATCH', '/houses/2', { name: null, id: 9 })).body).toEqual({ ...HOUSES[1], name: null })
    expect(content().houses.slice(0, 2)).toEqual([
      { id: 1, attic: 1 },
      { ...HOUSES[1], name: null },
    ])
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect(await send(method, '/houses/99', method === 'DELETE' ? undefined : {})).toMatchObject({
        status: 404,
        body: {},
      })
  })

  test('delete a row with the rows that refer to it, and no others', async () => {
    const { send, content } = start()
    expect(await send('DELETE', '/houses/2')).toMatchObject({ status: 200, body: {} })
    expect(content()).toEqual({
      ...DOCUMENT,
      houses: HOUSES.filter(({ id }) => id !== 2),
      guests: [GUESTS[0]],
      notes: [NOTES[1]],
    })
  })

  test('change single objects', async () => {
    const { get, send, content } = start()
    expect((await get('/settings')).body).toEqual(DOCUMENT.settings)
    expect((await send('PATCH', '/settings', { title: 'Pub' })).body).toEqual({ title: 'Pub', open: true })
    expect((await send('PUT', '/settings', { a: 1 })).body).toEqual({ a: 1 })
    expect(await send('POST', '/settings', { b: 2 })).toMatchObject({ status: 201, body: { b: 2 } })
    expect(content().settings).toEqual({ b: 2 })
  })

  test('are refused if they are no objects, or the file is only read', async () => {
    const { send } = start()
    expect((await send('POST', '/houses', [1])).status).toBe(400)
    expect((await send('POST', '/houses', '<a/>', 'application/xml')).status).toBe(415)
    expect((await send('DELETE', '/houses')).status).toBe(405)
    const closed = start(undefined, true)
    expect((await closed.send('POST', '/houses', {})).status).toBe(403)
    expect(closed.content()).toEqual(DOCUMENT)
  })

  test('that come together are all kept', async () => {
    const { send, content } = start()
    await Promise.all(Array.from({ length: 20 }, (_, n) => send('POST', '/notes', { n })))
    expect(content().notes.map(({ id }: { id: number }) => id)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
  })

  test('never overwrite what another program has written', async () => {
    const { send, content, file, told } = start()
    writeFileSync(file, JSON.stringify({ ...DOCUMENT, notes: [] }))
    expect((await send('POST', '/notes', { text: 'new' })).body).toEqual({ id: 1, text: 'new' })
    expect(content().notes).toEqual([{ text: 'new', id: 1 }])
    writeFileSync(file, '{')
    expect(await send('POST', '/notes', {})).toMatchObject({ status: 503, body: { error: 'unavailable' } })
    expect(readFileSync(file, 'utf8')).toBe('{')
    expect(told.at(-1)).toContain('cannot be used')
  })
})

test('lists are followed: writes in these words, by other programs, and what is deleted with a row', async () => {
  const { send, app, file } = start()
  const events = eventsOf(
    await app.fetch(new Request('http://inn.example/notes', { headers: { accept: 'text/event-stream' } })),
  )
  expect((await events.next()).value).toMatchObject({ event: 'snapshot' })
  await send('POST', '/notes', { text: 'x' })
  expect((await events.next()).value).toMatchObject({ event: 'created', data: { id: 3, text: 'x' } })
  await send('PUT', '/notes/3', { other: 1 })
  expect((await events.next()).value).toMatchObject({ event: 'updated', patch: { text: null, other: 1 } })
  await send('DELETE', '/guests/b2')
  expect((await events.next()).value).toMatchObject({ event: 'deleted' })
  const content = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...content, notes: [{ ...NOTES[1], text: 'edited' }] }))
  const outside = [(await events.next()).value, (await events.next()).value]
  expect(new Set(outside.map(({ event }) => event))).toEqual(new Set(['deleted', 'updated']))
  await events.return()
})

async function* eventsOf(response: Response): AsyncGenerator<any, void> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const valueOf = (name: string): string | undefined =>
        lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const data = valueOf('data')
      if (data !== undefined) yield { event: valueOf('event'), ...JSON.parse(data) }
    }
  }
}

test('what is neither a list nor an object is named, and left as it is', async () => {
  const { told, get, send, content } = start()
  expect(told).toEqual(['version is not served: it is neither a list of objects nor an object'])
  expect((await get('/version')).status).toBe(404)
  await send('PATCH', '/settings', { open: false })
  expect(content().version).toBe(3)
})

describe('without the option, a word of json-server names it', () => {
  const services = refuseJsonServerWords(new Set(['title', 'rank_like']))
  const refused = (query: string): string | null => {
    try {
      services('/houses', { query } as never)
      return null
    } catch (error) {
      return (error as Error).message
    }
  }
  test.each([
    '_sort=title',
    '_order=desc',
    '_limit=3',
    '_page=2',
    '_start=1',
    '_end=2',
    '_embed=notes',
    '_expand=house',
  ])('%s', query => expect(refused(query)).toContain('--json-server'))
  test.each([
    ['q=a', 'title[icontains]'],
    ['title_like=a', 'title[icontains]'],
    ['title_gte=a', 'title[gte]'],
  ])('%s: say %s', (query, here) => expect(refused(query)).toMatch(new RegExp(here.replaceAll(/[[\]]/g, '\\$&'))))
  test.each(['title=_sort', 'rank_like=3', 'sort=title', ''])('%s is none', query => expect(refused(query)).toBeNull())
})
