// Data steps through the engine: what the declaration says follows each change, and each row is changed once.
import { describe, expect, test } from 'vitest'
import type { Api } from '../src/index.ts'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate, opened, query, rows, step } = migratedApp(database)

  const user = (fields = '', more = ''): string =>
    `user: resource({ id: t.id(), name: t.text({ max: 8 }), city: t.text().nullable()${fields} })${more}`
  const wide = user(
    `, address: t.one('address', { onDelete: 'set null' }).nullable(), tags: t.many('tag', { inverse: 'users' })`,
    `.around('patch', function* (call, next) {
       return yield* next(call.input.city === null ? { ...call.input, name: 'moved' } : call.input)
     })`,
  )
  const others = `address: resource({ id: t.id(), city: t.text(), users: t.back('user', 'address') }),
     tag: resource({ id: t.id(), users: t.many('user', { inverse: 'tags' }) })`
  const before = user()
  const after = `${wide}, ${others}`

  /** Rows before, and the module whose declaration the database has then. */
  async function prepared(...users: object[]): Promise<string> {
    await opened(declares(before), app => app.post('user', users))
    const module = declares(after)
    await migrate('plan', module, '--name', 'wide')
    await migrate('apply', module)
    return module
  }

  const MOVE = `export default dataStep('user', async (row, db) => {
      if (row.city === null) return undefined
      const { id } = await db.post('address', { city: row.city })
      const tag = await db.post('tag', {})
      return { address: id, tags: [tag.id], city: null }
    }, { through: 'engine', batch: 2, back: async (row, db) => {
      if (row.address === null) return undefined
      const { city } = await db.get('address', row.address)
      await db.delete('address', row.address)
      return { city, name: 'back' }
    } })`

  test('hooks run, both sides of relations follow, and whoever follows them is told of each change', async () => {
    const module = await prepared({ name: 'a', city: 'Bonn' }, { name: 'b' }, { name: 'c', city: 'Rome' })
    step('0002-move.ts', MOVE)
    await opened(module, async app => {
      await app.patch('user', 2, { name: 'B' })
      const { position } = await app.safe.list('user')
      const seen = following(app, 'user')
      await expect.poll(() => seen.length).toBe(1)
      expect(await migrate('apply', module)).toEqual([
        '0001-wide: was applied before',
        '0002-move: 2 of 3 rows',
        '0002-move: applied to 3 rows',
      ])
      expect(await app.list('user')).toEqual([
        { id: 1, name: 'moved', city: null, address: 1, tags: [1] },
        { id: 2, name: 'B', city: null, address: null, tags: [] },
        { id: 3, name: 'moved', city: null, address: 2, tags: [2] },
      ])
      expect(await app.list('address')).toEqual([
        { id: 1, city: 'Bonn', users: [1] },
        { id: 2, city: 'Rome', users: [3] },
      ])
      expect(await app.list('tag')).toEqual([
        { id: 1, users: [1] },
        { id: 2, users: [3] },
      ])
      await expect.poll(() => seen.at(-1)).toEqual(['moved', 'B', 'moved'])
      const { records } = await app.history('user', 1)
      expect(records.map(({ operation }) => operation)).toEqual(['patch', 'create'])
      // Positions of before are valid: nobody has to begin anew.
      expect((await app.list('user', { at: position! })).map(({ city }: any) => city)).toEqual(['Bonn', null, 'Rome'])

      expect(await migrate('down', module)).toEqual(['0002-move: taken back'])
      expect(await app.list('user')).toEqual([
        { id: 1, name: 'back', city: 'Bonn', address: null, tags: [1] },
        { id: 2, name: 'B', city: null, address: null, tags: [] },
        { id: 3, name: 'back', city: 'Rome', address: null, tags: [2] },
      ])
      expect(await app.list('address')).toEqual([])
    })
    // A new run begins at the first row.
    expect((await migrate('apply', module)).at(-1)).toBe('0002-move: applied to 3 rows')
  })

  test('a refusal names the row, the field and what to do, and the step goes on after it was mended', async () => {
    const module = await prepared({ name: 'a' }, { name: 'b' }, { name: 'toolong' }, { name: 'd' })
    const doubled = (more = ''): string =>
      `export default dataStep('user', row => ({ name: row.name + row.name${more} }), { through: 'engine', batch: 1 })`
    step('0002-double.ts', doubled())
    await expect(migrate('apply', module)).rejects.toThrow(
      [
        'user 3 was refused, and the step stopped before its batch:',
        '  name: must have at most 8 characters',
        '  Mend the row or the function, and apply again: it goes on there',
      ].join('\n'),
    )
    expect((await migrate('status', module)).at(-1)).toMatch(/^0002-double: not applied yet$/)
    expect(await query('select name from "user" order by id')).toEqual([['aa'], ['bb'], ['toolong'], ['d']])
    await opened(module, app => app.patch('user', 3, { name: 'c' }))
    expect((await migrate('apply', module)).at(-1)).toBe('0002-double: applied to 4 rows')
    expect(await query('select name from "user" order by id')).toEqual([['aa'], ['bb'], ['cc'], ['dd']])
  })

  test('what a hook throws is told with its row, and a mended function goes on from there', async () => {
    await opened(declares(before), app => app.post('user', [{ name: 'a' }, { name: 'b' }]))
    const hooked = declares(
      user(
        '',
        `.around('patch', function* (call, next) { if (call.id === 2 && call.input.city === 'x') throw new Error('no x'); return yield* next() })`,
      ),
    )
    const given = (city: string): string =>
      `export default dataStep('user', row => ({ city: row.city ?? '${city}' }), { through: 'engine', batch: 1 })`
    step('0001-city.ts', given('x'))
    await expect(migrate('apply', hooked)).rejects.toThrow(
      'user 2 was refused, and the step stopped before its batch:\n  Error: no x',
    )
    step('0001-city.ts', given('y'))
    expect(await migrate('apply', hooked)).toEqual(['0001-city: applied to 2 rows'])
    expect(await query('select city from "user" order by id')).toEqual([['x'], ['y']])
  })

  test('the declaration has to fit the database', async () => {
    await opened(declares(before), app => app.post('user', { name: 'a' }))
    const module = declares(after)
    step('0001-move.ts', MOVE)
    await expect(migrate('apply', module)).rejects.toThrow(
      '0001-move goes through the engine, but the database is not as',
    )
    expect(await rows(declares(before), 'user')).toEqual([{ id: 1, name: 'a', city: null }])
  })

  test('test tries it on a copy, and the database stays as it is', async () => {
    const module = await prepared({ name: 'a', city: 'Bonn' }, { name: 'b' })
    step(
      '0002-cities.ts',
      `export default dataStep('user', async (row, db) => {
        if (row.city !== null) return { address: (await db.post('address', { city: row.city })).id }
      }, { through: 'engine', back: (row, db) => row.address === null ? undefined : db.delete('address', row.address) })`,
    )
    const lines = await migrate('test', module)
    expect(lines.map(line => line.replace(/\d+\.\d s/, '0 s'))).toEqual([
      'On a copy of the database:',
      '0002-cities: hooks run for the copy as well, and what they do elsewhere is not taken back',
      '0002-cities: applied to 2 rows',
      '0002-cities: took 0 s',
      '  table address: 0 → 1 rows, changed',
      '  table user: 2 rows, changed',
      '0002-cities: hooks run for the copy as well, and what they do elsewhere is not taken back',
      '0002-cities: taken back',
      'Taking all back took 0 s; all rows were as before',
    ])
    expect(await query('select name from "user" order by id')).toEqual([['a'], ['b']])
    expect(await query('select count(*) from address')).toEqual([[0]])
  })

  test('rows that come to be deleted meanwhile are passed over', async () => {
    const module = await prepared({ name: 'a' }, { name: 'b' }, { name: 'c' })
    step(
      '0002-pairs.ts',
      `export default dataStep('user', async (row, db) => { if (row.id === 1) await db.delete('user', 2); return row.id === 3 ? null : { city: 'x' } }, { through: 'engine' })`,
    )
    await migrate('apply', module)
    expect(await query('select id, city from "user"')).toEqual([[1, 'x']])
  })
})

/** The names of all rows after each step that a subscriber is told. */
function following(app: Api<any>, resource: string): string[][] {
  const seen: string[][] = []
  void (async () => {
    for await (const { rows } of app.live(resource)) seen.push(rows.map(({ name }: any) => name))
  })()
  return seen
}
