// One random model in many states: whatever changes that the caller may not learn of, all that it can ask stays the same to
// the byte; what it is shown is what the rules, said in plain words, let it see; and nothing is written that they forbid.
import { memory, type Store } from '../../../src/index.ts'
import { slow } from '../../../src/testing/slow-store.ts'
import { Random } from '../../property/live-oracle/random.ts'
import { covers, declared, fieldsOf, learnable, ME, randomTables, type Row, type Table, type World } from './model.ts'

export interface Figures {
  models: number
  /** Changes that the caller may not learn of. */
  unseen: number
  /** Requests that were compared. */
  reads: number
  /** Writes of the caller, and how many were done. */
  writes: number
  done: number
}
export const noFigures = (): Figures => ({ models: 0, unseen: 0, reads: 0, writes: 0, done: 0 })

const IDS = [1, 2, 3, 4]

/** Runs a model for some steps. Null, or what was learnt or written that must not be. */
export async function learn(
  seed: number,
  steps: number,
  figures: Figures,
  store: () => Store = memory,
): Promise<string | null> {
  const random = new Random(seed)
  const tables = randomTables(random)
  let now = 0
  const app: any = declared(tables, random.chance(0.1) ? slow(store()) : store(), () => now)
  figures.models++
  try {
    for (const table of tables) for (const id of IDS.slice(1)) await app.post(table.name, { id, ...values(random) })
    const reads = readsOf(tables)
    for (let step = 0; step < steps; step++) {
      const wrong = await (random.chance(0.3) ? write : change)(
        app,
        tables,
        random,
        reads,
        figures,
        () => (now += 10_000),
      )
      if (wrong) return `seed ${seed}, step ${step}: ${wrong}\n${JSON.stringify(tables, null, 1)}`
    }
    return null
  } finally {
    await app.close()
  }
}

function values(random: Random): Row {
  return {
    text: random.pick(['', 'x', 'y']),
    open: random.chance(0.5),
    owner: random.pick([0, ME]),
    note: random.pick(['', 'n', 'm']),
  }
}

type Step = (
  app: any,
  tables: readonly Table[],
  random: Random,
  reads: readonly string[],
  figures: Figures,
  tick: () => void,
) => Promise<string | null>

/** The application changes something. */
const change: Step = async (app, tables, random, reads, figures, tick) => {
  tick()
  const before = await worldOf(app, tables)
  const asked = new Map<string, string>()
  for (const path of reads) asked.set(path, await ask(app, 'GET', path))
  const streams: AsyncGenerator[] = []
  for (const { name, read } of tables)
    if (read !== 'none' && name !== 'a')
      for (const query of [{}, { depth: 2 }, { fields: ['text'] }])
        streams.push(app.live(name, { me: { id: ME }, ...query }))
  const alarm = app.live('a', { filter: { id: 99 } })
  for (const stream of [...streams, alarm]) await stream.next()
  await randomChange(app, tables, random)
  const after = await worldOf(app, tables)
  const [was, is] = [learnable(tables, before), learnable(tables, after)]
  const stay = async (): Promise<string | null> => {
    for (const table of tables) {
      const shown = JSON.parse(JSON.parse(await ask(app, 'GET', `/${table.name}`))[2]) as Row[]
      const wanted = is[table.name]!
      if (table.read !== 'none' && !same(shown, wanted)) return differ(`/${table.name}`, wanted, shown)
    }
    for (const [path, wanted] of nestedOf(tables, is)) {
      const [status, , body] = JSON.parse(await ask(app, 'GET', path)) as [number, unknown, string]
      const shown = status === 200 ? (JSON.parse(body) as Row[]).map(row => row['id'] as number) : status
      if (!same(shown, wanted)) return differ(path, wanted, shown)
    }
    if (!same(was, is)) return null
    figures.unseen++
    tick()
    for (const path of reads) {
      figures.reads++
      const answer = await ask(app, 'GET', path)
      if (answer !== asked.get(path)) return differ(decodeURIComponent(path), asked.get(path), answer)
    }
    // Whoever hears of this has heard all that came before.
    await app.post('a', { id: 99, open: false, owner: 0 })
    await alarm.next()
    await new Promise(resolve => setTimeout(resolve, 1))
    for (const [i, stream] of streams.entries()) {
      const heard = await Promise.race([stream.next(), Promise.resolve().then(() => null)])
      if (heard) return `followed ${i}: ${JSON.stringify(heard)}`
    }
    return null
  }
  const wrong = await stay()
  if ((await app.safe.get('a', 99)).status === 200) await app.delete('a', 99)
  for (const stream of [...streams, alarm]) void stream.return(undefined)
  return wrong
}

/** Lists below the rows that the caller sees, and what they show: 404 where the field is hidden. */
function nestedOf(
  tables: readonly Table[],
  seen: Readonly<Record<string, readonly Row[]>>,
): [path: string, wanted: number[] | number][] {
  return tables.flatMap(table =>
    [...fieldsOf(tables, table)].flatMap(([name, { target }]) => {
      const other = tables.find(one => one.name === target)
      if (!other || other.read === 'none' || !isList(tables, table, name)) return []
      return (table.read === 'none' ? [] : seen[table.name]!).map((row): [string, number[] | number] => {
        const shown = row[name] as number[] | undefined
        return [`/${table.name}/${row['id']}/${name}`, shown ?? 404]
      })
    }),
  )
}

/** The caller writes something; what it changes must be allowed from every side. */
const write: Step = async (app, tables, random, _, figures) => {
  const before = await worldOf(app, tables)
  const [method, path, body] = randomWrite(tables, random)
  const answer = await ask(app, method, path, body)
  const status = JSON.parse(answer)[0] as number
  const after = await worldOf(app, tables)
  figures.writes++
  const what = `${method} ${path} ${JSON.stringify(body)} → ${status}`
  if (status >= 400) return same([...before].map(plain), [...after].map(plain)) ? null : `${what} changed something`
  figures.done++
  for (const table of tables) {
    const fields = fieldsOf(tables, table)
    const readonly = new Set(
      tables.flatMap(one =>
        one.relations.flatMap(r =>
          r.readonly ? [...(one === table ? [r.name] : []), ...(r.target === table.name ? [r.inverse] : [])] : [],
        ),
      ),
    )
    for (const [id, row] of after.get(table.name)!) {
      const former = before.get(table.name)!.get(id)
      const changed = Object.keys(row).filter(
        name => !/^[nc]_/.test(name) && !same(row[name], former?.[name] ?? empty(row[name])),
      )
      if (former && changed.length === 0) continue
      const right = former && !covers(table.write, former) ? 'was' : covers(table.write, row) ? null : 'is'
      if (right) return `${what} changed ${table.name} ${id}, which may not be written as it ${right}`
      for (const name of changed) {
        const rule = fields.get(name)
        if (readonly.has(name)) return `${what} changed ${table.name} ${id} ${name}, which is readonly`
        // What a PUT leaves out returns to its default where the row as it was allows it.
        const isLeftOut = method === 'PUT' && former && !Object.hasOwn(body as object, name)
        if (rule && !((isLeftOut || covers(rule.write, row)) && (!former || covers(rule.write, former))))
          return `${what} changed ${table.name} ${id} ${name}, which may not be set`
      }
    }
  }
  return null
}

const empty = (value: unknown): unknown => (Array.isArray(value) ? [] : typeof value === 'string' ? '' : null)

async function randomChange(app: any, tables: readonly Table[], random: Random): Promise<void> {
  const table = random.pick(tables)
  const id = random.pick(IDS)
  const relations = [...fieldsOf(tables, table)].filter(([, { target }]) => target)
  if (random.chance(0.1)) return void (await app.safe.delete(table.name, id))
  const body: Record<string, unknown> = random.chance(0.5) ? values(random) : {}
  if (relations.length > 0) {
    const [name] = random.pick(relations)
    body[name] = isList(tables, table, name) ? random.some(IDS, random.int(3)) : random.pick([null, ...IDS])
  }
  const patched = await app.safe.patch(table.name, id, body)
  if (patched.status === 404) await app.safe.post(table.name, { id, ...values(random) })
}

/** Is a field a list of ids? */
function isList(tables: readonly Table[], table: Table, name: string): boolean {
  const own = table.relations.find(relation => relation.name === name)
  if (own) return own.kind === 'many'
  return tables.some(({ relations }) =>
    relations.some(({ inverse, target, kind }) => inverse === name && target === table.name && kind !== 'place'),
  )
}

function randomWrite(tables: readonly Table[], random: Random): [method: string, path: string, body: unknown] {
  const table = random.pick(tables)
  const id = random.pick(IDS)
  const relations = [...fieldsOf(tables, table)].filter(([, { target }]) => target)
  const { text, note } = values(random)
  if (relations.length === 0) return ['PATCH', `/${table.name}/${id}`, { note }]
  const [name, { target }] = random.pick(relations)
  const list = isList(tables, table, name)
  const other = random.chance(0.2)
    ? { id: 5 + random.int(900), text: 'new', owner: random.pick([0, ME]) }
    : random.pick(IDS)
  const value = list ? [...random.some(IDS, random.int(2)), other] : random.pick([null, other])
  switch (random.int(6)) {
    case 0:
      return ['PUT', `/${table.name}/${id}`, { text, owner: ME, [name]: value }]
    case 1:
      return ['PUT', `/${table.name}/${id}`, { text, owner: ME }]
    case 2:
      return ['POST', `/${table.name}`, { id: 5 + random.int(900), text, owner: random.pick([0, ME]), [name]: value }]
    case 3:
      return list
        ? ['POST', `/${table.name}/${id}/${name}`, { id: 5 + random.int(900), text, owner: random.pick([0, ME]) }]
        : ['PATCH', `/${table.name}/${id}`, { [name]: value, note }]
    case 4:
      return ['JSON', `/${table.name}/${id}`, [{ op: 'replace', path: `/${name}`, value }]]
    default:
      return target === table.name
        ? ['PATCH', `/${table.name}/${id}`, { note }]
        : ['PATCH', `/${table.name}/${id}`, { [name]: value }]
  }
}

/** Everything that the caller can ask. */
function readsOf(tables: readonly Table[]): string[] {
  const reads: string[] = []
  const filtered = (name: string, filter: object): void =>
    void reads.push(`/${name}?filter=${encodeURIComponent(JSON.stringify(filter))}`)
  for (const table of tables) {
    const { name } = table
    reads.push(
      `/${name}`,
      `/${name}?total=true&limit=1`,
      `/${name}?limit=1&sort=-text`,
      `/${name}?depth=2`,
      `/${name}?fields=text`,
    )
    reads.push(`/${name}?sort=note`, `/${name}?note=n`)
    for (const id of IDS) reads.push(`/${name}/${id}`, `/${name}/${id}/history`)
    reads.push(`/${name}/1?depth=2`, `/${name}/2?fields=text`)
    for (const [field, { target }] of fieldsOf(tables, table)) {
      if (!target) continue
      filtered(name, {
        [field]: {
          [isList(tables, table, field) ? '$some' : 'text']: isList(tables, table, field) ? { text: 'x' } : 'x',
        },
      })
      reads.push(`/${name}?include=${field}`)
      if (!isList(tables, table, field)) {
        filtered(name, { [field]: null })
        filtered(name, { [field]: 2 })
        reads.push(`/${name}?sort=-${field}`)
        continue
      }
      for (const size of [0, 1, 2]) filtered(name, { [field]: { $size: size } })
      filtered(name, { [field]: { $every: { text: 'x' } } })
      filtered(name, { [field]: { $none: { note: 'n' } } })
      for (const id of IDS.slice(0, 2)) reads.push(`/${name}/${id}/${field}?total=true`)
      if (field.startsWith('of_'))
        reads.push(`/${name}?sort=-n_${field}`, `/${name}?sort=c_${field}`, `/${name}?sort=${field}`)
    }
  }
  return reads
}

/** Status, header fields and body of an answer, without what is another each time. */
async function ask(app: any, verb: string, path: string, body?: unknown): Promise<string> {
  const type = verb === 'JSON' ? 'application/json-patch+json' : 'application/json'
  const init = { method: verb === 'JSON' ? 'PATCH' : verb, headers: { 'content-type': type } }
  const request = new Request(`http://x${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) })
  const answer: Response = await app.fetch(request)
  const text = (await answer.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '')
  const headers = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')
  return JSON.stringify([answer.status, headers, text])
}

/** All rows, with all lists, as the application sees them. */
async function worldOf(app: any, tables: readonly Table[]): Promise<World> {
  const world = new Map<string, Map<number, Row>>()
  for (const { name } of tables) world.set(name, new Map((await app.list(name)).map((row: Row) => [row['id'], row])))
  return world
}

const plain = ([name, rows]: readonly [string, ReadonlyMap<number, Row>]): unknown => [name, [...rows]]
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const differ = (what: string, a: unknown, b: unknown): string =>
  `${what}\n${typeof a === 'string' ? a : JSON.stringify(a)}\n${typeof b === 'string' ? b : JSON.stringify(b)}`
