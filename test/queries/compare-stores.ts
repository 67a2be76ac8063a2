// Random requests for lists, counts, pages and related rows: each store answers the same, byte by byte.
import { memory, sqlite, type Api } from '../../src/index.ts'
import type { ResourceDef } from '../../src/model/declare/declaration.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { newDatabase } from '../../src/testing/postgres/new-database.ts'
import { Mismatch, uriOf } from '../differential/compare-queries.ts'
import { RandomQueries, type Queried } from '../differential/random-query.ts'
import { columnsOf } from '../differential/shown-database.ts'
import { Random } from '../property/live-oracle/random.ts'
import { openShop, readRows, resources } from './shop.ts'

/** Pages of a list that are followed. */
const PAGES = 4

interface Compared {
  readonly queries: number
  /** How many of them had rows, and how many were refused, by status. */
  readonly found: number
  readonly statuses: Readonly<Record<number, number>>
  readonly mismatches: readonly string[]
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly total: string | null
  readonly next: string | null
  readonly previous: string | null
}

/** Puts the same random queries to the memory store, SQLite and PostgreSQL on a server. */
export async function compareStores(
  server: string,
  { count, seed, told = () => {} }: { count: number; seed: number; told?: (queries: number) => void },
): Promise<Compared> {
  const rows = readRows()
  const stores = [memory(), sqlite(':memory:'), postgres(await newDatabase(server), { readers: 2 })]
  const names = ['memory', 'SQLite', 'PostgreSQL']
  const apps = await Promise.all(stores.map(store => openShop(store, rows)))
  const mismatches: string[] = []
  const statuses: Record<number, number> = {}
  const sum = { queries: 0, found: 0 }

  /** Asks all; each may have its own URI, as cursors are signed. */
  const askAll = async (uris: readonly string[]): Promise<readonly Answer[]> => {
    const answers = await Promise.all(apps.map((app, i) => ask(app, uris[i]!)))
    sum.queries++
    const [first] = answers as [Answer]
    statuses[first.status] = (statuses[first.status] ?? 0) + 1
    if (first.text !== '[]' && first.status === 200) sum.found++
    answers.forEach((answer, i) => {
      const isSame = (['status', 'text', 'total'] as const).every(member => answer[member] === first[member])
      const isLinked = (answer.next === null) === (first.next === null)
      if (isSame && isLinked) return
      throw new Mismatch(
        `${decodeURIComponent(uris[i]!)}\n  memory: ${first.status} ${first.total} ${first.text.slice(0, 300)}\n  ${names[i]}: ${answer.status} ${answer.total} ${answer.text.slice(0, 300)}`,
      )
    })
    if (sum.queries % 500 === 0) told(sum.queries)
    return answers
  }

  const random = new Random(seed)
  const requests = new RandomQueries(random, await queried(apps[0]!))
  while (sum.queries < count) {
    try {
      const uri = randomUri(random, requests)
      let answers = await askAll(apps.map(() => uri))
      for (let page = 1; page < PAGES && sum.queries < count; page++) {
        const links = answers.map(({ next, previous }) => (page === PAGES - 1 ? previous : next))
        if (links.some(link => link === null)) break
        answers = await askAll(links as string[])
      }
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error
      mismatches.push(error.message)
    }
  }
  for (const app of apps) await app.close()
  return { ...sum, statuses, mismatches }
}

function randomUri(random: Random, requests: RandomQueries): string {
  const name = random.pick(Object.keys(resources))
  const { parameters } = requests.query(name)
  const fields = Object.entries(resources[name]!['~resource'].fields)
  const related = fields.filter(([, { is }]) => is === 'one' || is === 'back' || is === 'many').map(([field]) => field)
  const shape = random.pick<readonly (readonly [string, string])[]>([
    [],
    [['depth', String(random.pick([0, 2, 3]))]],
    related.length === 0 ? [] : [['include', random.some(related, 1 + random.int(2)).join()]],
    [
      [
        'fields',
        [
          'id',
          ...random.some(
            fields.map(([field]) => field).filter(field => field !== 'id'),
            2,
          ),
        ].join(),
      ],
    ],
  ])
  const slice: (readonly [string, string])[] = [['limit', String(random.pick([1, 2, 5, 10, 50, 100]))]]
  if (random.chance(0.3)) slice.push(['offset', String(random.int(12))])
  if (random.chance(0.5)) slice.push(['total', 'true'])
  return uriOf(`/${name}`, [...parameters, ...shape, ...slice])
}

async function ask(app: Api<any>, uri: string): Promise<Answer> {
  const response = await app.fetch(new Request(`http://localhost${uri}`))
  const text = await response.text()
  const { headers, status } = response
  // A problem has an id of its own.
  const shown = status === 200 ? text : String((JSON.parse(text) as { detail?: unknown }).detail)
  const link = headers.get('link') ?? ''
  const linked = (rel: string): string | null => {
    const found = new RegExp(`<([^>]*)>; rel="${rel}"`).exec(link)
    if (found === null) return null
    const { pathname, search } = new URL(found[1]!, 'http://localhost/')
    return pathname + search
  }
  return { status, text: shown, total: headers.get('x-total-count'), next: linked('next'), previous: linked('prev') }
}

/** What the shop holds, as random queries need it: values that occur. */
async function queried(app: Api<any>): Promise<Queried> {
  const defOf = (name: string): ResourceDef => resources[name]!['~resource']
  const rows = new Map<string, { values: Map<string, { shown: unknown; compared: null }> }[]>()
  for (const name of Object.keys(resources)) {
    const columns = [...columnsOf(defOf(name))].map(([field]) => field)
    const all = (await app.list(name, { limit: 1000 })) as readonly Record<string, unknown>[]
    rows.set(
      name,
      all.map(row => ({
        values: new Map(columns.map(field => [field, { shown: row[field] ?? null, compared: null }])),
      })),
    )
  }
  return { defOf, rows: name => rows.get(name)! }
}
