// A process that writes without end and says on its standard output what was answered. It is there to be killed.
import { writeSync } from 'node:fs'
import { link } from '../../src/model/link.ts'
import type { Model, Row } from '../../src/model/model.ts'
import { resource } from '../../src/model/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { RowChange, Transaction } from '../../src/store/store.ts'
import { wait, type Work } from '../../src/store/work.ts'

const WRITERS = 40

const model: Model = link({
  note: resource({
    id: t.id(),
    title: t.text(),
    rank: t.integer().nullable(),
    done: t.bool().default(false),
    parent: t.one('note').nullable(),
  }),
})
const note = model.resources.get('note')!
// Slots of the fields above.
const TITLE = 3
const RANK = 4
const DONE = 5
const PARENT = 6

const store = sqlite(process.argv[2]!, { synchronous: process.argv[3] === 'normal' ? 'normal' : 'full' })
await store.open(model, {
  clock: Date.now,
  random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
  report: () => {},
})

const below = (n: number): number => Math.floor(Math.random() * n)
let newest = 0

function* create(tx: Transaction, title: string, parent: number | null): Work<RowChange> {
  const id = yield* wait(tx.nextId(note))
  const after: Row = [id, 0, 0, title, below(2) === 0 ? null : below(100), below(2) === 0, parent]
  newest = Math.max(newest, id)
  return { resource: note, id, op: 'create', before: null, after, changed: [], lists: [] }
}

/** One unit: a row or two made, a row changed, or a row deleted to which no other refers. */
function* unit(tx: Transaction): Work<RowChange[]> {
  const dice = below(100)
  const title = `written ${Math.random()}`
  if (dice < 30) return [yield* create(tx, title, null)]
  if (dice < 40) {
    const first = yield* create(tx, title, null)
    return [first, yield* create(tx, `${title}, too`, first.id as number)]
  }
  const before = yield* wait(tx.get(note, 1 + below(newest)))
  if (before === undefined) return []
  const id = before[0] as number
  if (dice < 95) {
    const after = before.slice()
    after[TITLE] = title
    after[DONE] = !(before[DONE] as boolean)
    const changed = [TITLE, DONE]
    if (dice < 50) {
      after[RANK] = below(100)
      if (after[RANK] !== before[RANK]) changed.push(RANK)
    }
    return [{ resource: note, id, op: 'patch', before, after, changed, lists: [] }]
  }
  const parent = note.columns.find(field => field.slot === PARENT)!
  if (parent.is !== 'one' || (yield* wait(tx.children(parent, [id], 1))).length > 0) return []
  return [{ resource: note, id, op: 'delete', before, after: null, changed: [], lists: [] }]
}

async function write(): Promise<never> {
  for (;;) {
    const [changes, last] = await store.write(function* (tx) {
      const changes = yield* unit(tx)
      if (changes.length > 0) yield* wait(tx.apply(changes, []))
      return [changes, tx.position] as const
    })
    // At once, as the next instruction may be the last.
    let lines = ''
    changes.forEach((change, i) => {
      lines += `${last - changes.length + 1 + i} ${change.op} ${change.id}\n`
    })
    if (lines !== '') writeSync(1, lines)
  }
}

await store.read(function* (snapshot) {
  for (const [id] of yield* wait(
    snapshot.select(note, {
      where: { kind: 'constant', value: true },
      sort: [{ path: ['id'], descending: true }],
      limit: 1,
      offset: 0,
      cursor: null,
    }),
  )) {
    newest = id as number
  }
})
await Promise.all(Array.from({ length: WRITERS }, () => write()))
