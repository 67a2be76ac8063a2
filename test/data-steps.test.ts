// Functions over rows as steps of a migration: in batches, resumable, recorded in the log, and tried out on a copy.
import { describe, expect, test } from 'vitest'
import { dataStep } from '../src/index.ts'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate: said, migrations: opensMigrations, opened, query, step } = migratedApp(database)

  const before = `user: resource({ id: t.id(), name: t.text() })`
  const both = `user: resource({ id: t.id(), name: t.text(), first: t.text().nullable(), last: t.text().nullable() })`
  const after = `user: resource({ id: t.id(), first: t.text(), last: t.text() })`

  test('a field is divided into two: expand, a function over the rows, contract', async () => {
    const names = Array.from({ length: 25 }, (_, i) => ({ name: `First${i} Last${i}` }))
    await opened(declares(before), async app => void (await app.post('user', names)))
    const expand = declares(both)
    await said('plan', expand, '--name', 'expand')
    step(
      '0002-names.ts',
      `export default dataStep('user', row => {
       const [first, last] = row.name.split(' ')
       return { first, last }
     }, { batch: 10 })`,
    )
    expect(await said('apply', expand)).toEqual([
      '0001-expand: applied',
      '0002-names: 10 of 25 rows',
      '0002-names: 20 of 25 rows',
      '0002-names: applied to 25 rows',
    ])
    expect(await said('apply', expand)).toEqual(['0001-expand: was applied before', '0002-names: was applied before'])
    const contract = declares(after)
    await said('plan', contract, '--drop', 'user.name', '--name', 'contract')
    await said('apply', contract)
    await opened(contract, async app => {
      expect(await app.get('user', 7)).toEqual({ id: 7, first: 'First6', last: 'Last6' })
      const history = await app.fetch(new Request('http://localhost/user/7/history'))
      expect(((await history.json()) as unknown[]).length).toBe(2)
    })
    expect(await said('down', contract)).toEqual(['0003-contract: taken back'])
    expect(await said('down', contract)).toEqual(['0002-names: taken back; the rows stay as they are'])
    expect(await said('down', contract)).toEqual(['0001-expand: taken back'])
    await opened(declares(before), async app => {
      expect(await app.get('user', 7)).toEqual({ id: 7, name: 'First6 Last6' })
    })
  })

  test('a resource is divided: rows of another one are added, and their relations are told', async () => {
    await opened(declares(`user: resource({ id: t.id(), name: t.text(), city: t.text().nullable() })`), async app => {
      await app.post('user', [{ name: 'a', city: 'Bonn' }, { name: 'b' }, { name: 'c', city: 'Rome' }])
    })
    const wide = declares(
      `user: resource({ id: t.id(), name: t.text(), city: t.text().nullable(), address: t.one('address').nullable() }),
     address: resource({ id: t.id(), city: t.text() })`,
    )
    await said('plan', wide)
    step(
      '0002-addresses.ts',
      `export default dataStep('user', (row, add) => row.city === null ? undefined : { address: add('address', { city: row.city }), city: null },
       { back: row => row.address === null ? undefined : { city: 'city ' + row.address, address: null } })`,
    )
    await said('apply', wide)
    await opened(wide, async app => {
      expect(await app.list('user')).toEqual([
        { id: 1, name: 'a', city: null, address: 1 },
        { id: 2, name: 'b', city: null, address: null },
        { id: 3, name: 'c', city: null, address: 2 },
      ])
      expect(await app.list('address')).toEqual([
        { id: 1, city: 'Bonn' },
        { id: 2, city: 'Rome' },
      ])
    })
    expect(await said('down', wide)).toEqual(['0002-addresses: taken back'])
    await opened(wide, async app => {
      expect((await app.list('user')).map((row: any) => row.city)).toEqual(['city 1', null, 'city 2'])
    })
  })

  test('it goes on where it was stopped, and writes each row once', async () => {
    await opened(declares(`n: resource({ id: t.id(), value: t.integer() })`), async app => {
      await app.post(
        'n',
        Array.from({ length: 20 }, (_, i) => ({ value: i })),
      )
    })
    const migrations = await opensMigrations()
    let left = 11
    const increment = dataStep<any, any>(
      'n',
      (row: any) => {
        if (left-- === 0) throw new Error('stopped')
        return { value: row.value + 100 }
      },
      { batch: 4 },
    )
    const named = { name: '0001-increment', digest: 'x', step: increment }
    const told: number[] = []
    const run = async (): Promise<'now' | 'before'> =>
      migrations.runData(named, new Map(), ({ done }) => told.push(done))
    await expect(run()).rejects.toThrow('stopped')
    expect(told).toEqual([4, 8])
    expect((await migrations.applied())[0]!.begun).toEqual({ way: 'there', last: 8, done: 8 })
    left = 1000
    expect(await run()).toBe('now')
    expect(await run()).toBe('before')
    await expect((async () => migrations.runData({ ...named, digest: 'y' }, new Map(), () => {}))()).rejects.toThrow(
      '0001-increment was edited after it was applied',
    )
    await migrations.close()
    expect(await query('select min(value), max(value), count(distinct _seq) from n')).toEqual([[100, 119, 20]])
  })

  test('what a field does not take is refused with its place', async () => {
    await opened(declares(`n: resource({ id: t.id(), value: t.integer() })`), app => app.post('n', { value: 1 }))
    const migrations = await opensMigrations()
    const runs = async (change: () => any): Promise<unknown> =>
      migrations.runData({ name: '0001-x', digest: 'x', step: dataStep<any>('n', change) }, new Map(), () => {})
    await expect(runs(() => ({ value: 'many' }))).rejects.toThrow(
      'n.value must be an integer, but the step gives "many"',
    )
    await expect(runs(() => ({ other: 1 }))).rejects.toThrow('n has no field other in the database')
    await migrations.close()
  })

  test('test tries the files on a copy, and tells what changes', async () => {
    await opened(declares(before), app => app.post('user', [{ name: 'a b' }, { name: 'c d' }]))
    const expand = declares(both)
    await said('plan', expand, '--name', 'expand')
    step('0002-names.ts', `export default dataStep('user', row => ({ first: row.name[0] }))`)
    const lines = await said('test', expand)
    expect(lines.map(line => line.replace(/\d+\.\d s/, '0 s'))).toEqual([
      'On a copy of the database:',
      '0001-expand: applied',
      '0001-expand: took 0 s',
      '  table user: 2 rows, changed',
      '0002-names: applied to 2 rows',
      '0002-names: took 0 s',
      '  table user: 2 rows, changed',
      '0002-names: taken back; the rows stay as they are',
      '0001-expand: taken back',
      'Taking all back took 0 s; all rows were as before',
    ])
    expect(await said('status', expand)).toEqual(['0001-expand: not applied yet', '0002-names: not applied yet'])
  })

  test('a database that was made by the declaration has all files noted as applied', async () => {
    await opened(declares(before), app => app.post('user', { name: 'a b' }))
    const expand = declares(both)
    await said('plan', expand, '--name', 'expand')
    const now = declares(both)
    await opened(now, async () => {})
    step('0002-names.ts', `export default dataStep('user', () => { throw new Error('is not called') })`)
    expect(await said('apply', now)).toEqual([
      '0001-expand: the tables are already as it makes them',
      '0002-names: the tables are already as it makes them',
    ])
  })

  test('a step without any plan runs: what the start has added may need values', async () => {
    await opened(declares(before), app => app.post('user', { name: 'a b' }))
    const now = declares(both)
    await opened(now, async () => {})
    step('0001-names.ts', `export default dataStep('user', row => ({ first: row.name[0] }))`)
    expect(await said('apply', now)).toEqual(['0001-names: applied to 1 row'])
    expect(await query('select first from "user"')).toEqual([['a']])
  })

  test.runIf(database === 'postgres')('test names what belongs to the tables and is not in the copy', async () => {
    await opened(declares(before), app => app.post('user', { name: 'a b' }))
    await query('create view shown as select name from "user"')
    await query('create table audit(id int primary key, of bigint references "user"(id))')
    await query(`create function touched() returns trigger language plpgsql as 'begin return new; end'`)
    await query('create trigger touching before update on "user" for each row execute function touched()')
    const expand = declares(both)
    await said('plan', expand, '--name', 'expand')
    expect((await said('test', expand)).slice(0, 5)).toEqual([
      'On a copy of the database:',
      'Not in the copy: trigger touching of user; look whether the change suits it',
      'Not in the copy: view shown; look whether the change suits it',
      'Not in the copy: foreign key audit_of_fkey of audit, which refers to user; look whether the change suits it',
      '0001-expand: applied',
    ])
  })

  test('test works after plans that were applied before, and notes nothing', async () => {
    await opened(declares(before), app => app.post('user', { name: 'a b' }))
    const expand = declares(both)
    await said('plan', expand, '--name', 'expand')
    await said('apply', expand)
    step(
      '0002-names.ts',
      `export default dataStep('user', row => ({ first: row.name[0] }), { back: () => ({ first: null }) })`,
    )
    expect(await said('test', expand)).toContain('0002-names: applied to 1 row')
    expect(await query('select name from _restuary_migration')).toEqual([['0001-expand']])
  })
})
