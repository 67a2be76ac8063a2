// Nodes that write at the same time: whatever a unit has read, it is as if it had run alone.
import { describe, expect, test } from 'vitest'
import type { Api } from '../../src/api.ts'
import { AT, SEQ, type Id, type Resource, type Row } from '../../src/model/model.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { everything } from '../../src/query/predicate.ts'
import { t } from '../../src/schema/builder.ts'
import type { RowChange, Transaction } from '../../src/store/store.ts'
import { wait, type Work } from '../../src/store/work.ts'
import { databases, nodesOf, type Resources } from './nodes.ts'

const counters = (): Resources => ({
  counter: resource({ id: t.id(), name: t.text().unique(), n: t.integer().default(0) }).public(),
})

const counterOf = (app: Api): Resource => app.model.resources.get('counter')!
const N = 'n'

function patched(of: Resource, before: Row, n: number): RowChange {
  const { slot } = of.columns.find(({ name }) => name === N)!
  const after = before.slice()
  after[slot] = n
  return { resource: of, id: before[0] as Id, op: 'patch', before, after, changed: [slot], lists: [] }
}

/** Runs a unit on every node many times at once, and resolves to what the units return. */
async function everywhere<T>(nodes: readonly Api[], unit: (tx: Transaction, of: Resource) => Work<T>): Promise<T[]> {
  return Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      // Not all in one turn, so that groups of units overlap.
      for (let turn = 0; turn < i % 11; turn++) await new Promise(resolve => void setImmediate(resolve))
      const app = nodes[i % nodes.length]!
      return app.store.write(tx => unit(tx, counterOf(app)))
    }),
  )
}

const dense = Array.from({ length: 60 }, (_, i) => i + 1)
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)

describe.each(databases)('units of several nodes on %s', (_, make) => {
  test('lose no update of a row that they all change', async () => {
    const nodes = await nodesOf(3, await make(), counters)
    await nodes[0]!.safe.create('counter', { name: 'a' })
    const seen = await everywhere(nodes, function* (tx, of) {
      const row = (yield* wait(tx.get(of, 1)))!
      const n = (row[of.columns.find(({ name }) => name === N)!.slot] as number) + 1
      yield* wait(tx.apply([patched(of, row, n)], []))
      return n
    })
    expect(sorted(seen)).toEqual(dense)
  })

  test('count rows that they all add', async () => {
    const nodes = await nodesOf(2, await make(), counters)
    const seen = await everywhere(nodes, function* (tx, of) {
      const count = yield* wait(tx.count(of, everything))
      const id = yield* wait(tx.nextId(of))
      const after: Row = [id, 0, 0, `c${id}`, count]
      expect([SEQ, AT]).toEqual([1, 2])
      yield* wait(tx.apply([{ resource: of, id, op: 'create', before: null, after, changed: [], lists: [] }], []))
      return count + 1
    })
    expect(sorted(seen)).toEqual(dense)
  })

  test('keep one text under a key', async () => {
    const nodes = await nodesOf(2, await make(), counters)
    const until = Date.now() + 60_000
    const seen = await everywhere(nodes, function* (tx) {
      const n = Number((yield* wait(tx.recall('n'))) ?? 0) + 1
      yield* wait(tx.keep('n', String(n), until))
      return n
    })
    expect(sorted(seen)).toEqual(dense)
  })

  test('know the position that they go on from', async () => {
    const nodes = await nodesOf(2, await make(), counters)
    const base = await nodes[0]!.store.read(snapshot => wait(snapshot.position))
    const seen = await everywhere(nodes, function* (tx) {
      const { position } = tx
      yield* wait(tx.publish('/x', 'patch', '{}'))
      return position - base + 1
    })
    expect(sorted(seen)).toEqual(dense)
  })
})

describe.each(databases)('work that says what it reads, on %s', (_, make) => {
  test('sees one state, also if it asks for more', async () => {
    const [app] = await nodesOf(1, await make(), counters)
    const of = counterOf(app!)
    await app!.safe.create('counter', [{ name: 'a' }, { name: 'b' }])
    const read = (ids: readonly number[]): Promise<(Row | undefined)[]> =>
      Promise.resolve(
        app!.store.read(
          function* (snapshot) {
            const rows: (Row | undefined)[] = []
            for (const id of ids) rows.push(yield* wait(snapshot.get(of, id)))
            return rows
          },
          { row: [of, ids[0]!] },
        ),
      )
    const [alone, missing, more] = await Promise.all([read([1]), read([9]), read([2, 1, 9])])
    expect(alone.map(row => row?.[0])).toEqual([1])
    expect(missing).toEqual([undefined])
    expect(more.map(row => row?.[0])).toEqual([2, 1, undefined])
    const mixed = await Promise.all([read([1]), app!.store.read(snapshot => wait(snapshot.count(of, everything)))])
    expect(mixed[1]).toBe(2)
  })
})
