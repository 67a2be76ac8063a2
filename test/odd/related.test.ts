// Relations to rows of other programs whose ids are stored in another form than they are shown in.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readTables } from './tables.ts'
import { makeFile, served, walk, type Body, type ServedFile } from './served.ts'

function open(sql: string): ServedFile {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-related-'))
  const file = join(directory, 'tags.db')
  makeFile(file, { name: 'tags', sql })
  const one = served(file)
  onTestFinished(async () => {
    await one.close()
    rmSync(directory, { recursive: true })
  })
  return one
}

const schema = (type: string): string => `
  CREATE TABLE tag(id ${type} PRIMARY KEY, text TEXT);
  CREATE TABLE note(id INTEGER PRIMARY KEY, tag_id ${type} REFERENCES tag ON DELETE CASCADE);
  CREATE TABLE post(id INTEGER PRIMARY KEY, title TEXT);
  CREATE TABLE post_tag(post_id INTEGER REFERENCES post, tag_id ${type} REFERENCES tag, PRIMARY KEY (post_id, tag_id));
  INSERT INTO post VALUES (1, 'one'), (2, 'two');`

const files = [
  ['BLOB', `x'00ff'`, `x'01'`, '00ff', '01'],
  ['TEXT', `'.'`, `'..'`, '%2E', '%2E%2E'],
  ['TEXT', `''`, `'%2E'`, '%', '%252E'],
] as const

test.each(files)('%s keys %s and %s have related rows', async (type, a, b, first, second) => {
  const one = open(`${schema(type)}
    INSERT INTO tag VALUES (${a}, 'first'), (${b}, 'second');
    INSERT INTO note VALUES (1, ${a}), (2, ${b}), (3, ${a});
    INSERT INTO post_tag VALUES (1, ${a}), (1, ${b}), (2, ${b});`)
  const get = async (uri: string): Promise<any> => (await one.send('GET', uri)).body
  const at = (id: string): string => `/tag/${encodeURIComponent(id)}`
  const ids = (rows: readonly Body[]): unknown[] => rows.map(({ id }) => id)
  expect(new Set(ids(await walk(one, '/tag', 1, 2)))).toEqual(new Set([first, second]))
  expect(await get(at(first))).toEqual({ id: first, text: 'first' })
  expect(ids(await get(`${at(first)}/notes`))).toEqual([1, 3])
  expect(await get(`${at(second)}?include=notes,posts`)).toMatchObject({
    notes: [{ id: 2 }],
    posts: [{ id: 1 }, { id: 2 }],
  })
  for (const tag of await get('/tag?depth=2')) expect(ids(tag.notes)).toEqual(tag.id === first ? [1, 3] : [2])
  expect(await get('/note?depth=2')).toMatchObject([first, second, first].map(id => ({ tag: { id } })))
  expect(ids(await get(`/note?tag=${encodeURIComponent(second)}`))).toEqual([2])
  expect(
    ids(await get(`/post?filter=${encodeURIComponent(JSON.stringify({ tags: { $some: { id: first } } }))}`)),
  ).toEqual([1])

  const following = one.app.live('tag' as never, { filter: { id: first } } as never) as AsyncGenerator<any>
  await following.next()
  expect((await one.send('PATCH', at(first), { text: 'changed' })).body).toEqual({ id: first, text: 'changed' })
  expect((await following.next()).value.rows).toEqual([{ id: first, text: 'changed' }])
  await following.return(undefined)

  expect((await one.send('PATCH', '/post/2', { tags: [first] })).status).toBe(200)
  expect(ids(await get('/post/2/tags'))).toEqual([first])
  expect((await one.send('PATCH', '/note/2', { tag: first })).body).toEqual({ id: 2, tag: first })
  expect((await one.send('POST', '/note', { tag: second })).status).toBe(201)
  await one.send('PATCH', '/post/1', { tags: [first] })
  expect((await one.send('DELETE', at(second))).status).toBe(204)
  expect(ids(await get('/note'))).toEqual([1, 2, 3])
  const tables = readTables(one.file)
  const [tag] = tables.literals('tag')
  const referred = tables.literals('note').map(row => row['tag_id'])
  tables.close()
  expect(new Set(referred)).toEqual(new Set([tag!['id']]))
})

test('ids that look like the spelling of others are told apart in filters', async () => {
  const one = open(`CREATE TABLE t(id TEXT PRIMARY KEY, n INTEGER);
    INSERT INTO t VALUES ('.', 1), ('%2E', 2), ('..', 3), ('.a', 4), ('%', 5), ('', 6);`)
  const found = async (query: string): Promise<unknown[]> => (await walk(one, `/t?${query}`, 2, 6)).map(({ n }) => n)
  expect(await found('id[startsWith]=%252')).toEqual([5, 2, 1, 3])
  expect(await found('id[startsWith]=.')).toEqual([4])
  expect(await found('id[contains]=2E')).toEqual([2, 1, 3])
  expect(await found('id[in]=%252E,%25,%252525')).toEqual([6, 1])
  expect(await found('id=.')).toEqual([1])
  expect(await found('sort=-id')).toEqual([4, 3, 1, 2, 5, 6])
})

test('a reference to a row that is not there can be sent back as it was shown', async () => {
  const one = open(`CREATE TABLE t(id INTEGER PRIMARY KEY, boss INTEGER REFERENCES t, name TEXT);
    INSERT INTO t VALUES (1, 99, 'Ada');`)
  const { body } = await one.send('GET', '/t/1')
  expect(await one.send('PUT', '/t/1', { ...body, name: 'Bo' })).toMatchObject({
    status: 200,
    body: { boss: 99, name: 'Bo' },
  })
  expect((await one.send('PATCH', '/t/1', { boss: 99, name: 'Cy' })).status).toBe(200)
  expect((await one.send('PATCH', '/t/1', { boss: 98 })).status).toBe(400)
  expect((await one.send('POST', '/t', { boss: 99 })).status).toBe(400)
})

test('related rows that no index finds are gone through once, not once for each row', async () => {
  const one =
    open(`CREATE TABLE track(id INTEGER PRIMARY KEY, t TEXT); CREATE TABLE line(id INTEGER PRIMARY KEY, track_id INTEGER REFERENCES track, n INTEGER);
    WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 4000) INSERT INTO track SELECT n, 't' || n FROM i;
    INSERT INTO line SELECT id, nullif(id % 2000, 0), id % 10 FROM track;`)
  const total = async (filter: object): Promise<unknown> => {
    const answer = await one.send(
      'GET',
      `/track?limit=1&total=true&filter=${encodeURIComponent(JSON.stringify(filter))}`,
    )
    return answer.headers.get('x-total-count') ?? answer.body
  }
  // Rows 1 to 1999 have two lines, both with the last digit of their id; the others have none.
  expect(await total({ lines: { $some: { n: 3 } } })).toBe('200')
  expect(await total({ lines: { $none: { n: 3 } } })).toBe('3800')
  expect(await total({ lines: { $every: { n: { $in: [3, 4] } } } })).toBe('2401')
  expect(await total({ $not: { lines: { $every: { n: 3 } } } })).toBe('1799')
  expect(await total({ lines: { $some: { track: { lines: { $every: { n: 7 } } } } } })).toBe('200')
})
