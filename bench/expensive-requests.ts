// The most expensive reads of each kind. The test of bounded work asks small numbers of rows for them and counts, the bench asks
// many and measures.
import type * as Restuary from '../src/index.ts'

/** The resources that they read, declared with the functions of the sources or of the built package. */
export function expensiveModel({
  always,
  resource,
  t,
}: Pick<typeof Restuary, 'always' | 'resource' | 't'>): Record<string, never> {
  const owner = resource({
    id: t.id(),
    name: t.text(),
    notes: t.back('note', 'owner', { ids: false }),
    secrets: t.back('secret', 'owner'),
    count: t.count('notes').sortable().filterable(),
    tags: t.many('tag', { inverse: 'owners' }),
  }).public()
  const tag = resource({ id: t.id(), label: t.text(), owners: t.many('owner', { inverse: 'tags' }) }).public()
  const note = resource(
    {
      id: t.id(),
      title: t.text(),
      body: t.text(),
      rank: t.integer(),
      page: t.integer().index(),
      words: t.list(t.text()),
      data: t.json().nullable(),
      owner: t.one('owner', { inverse: 'notes' }),
    },
    { bulk: true },
  ).public()
  const secret = resource({ id: t.id(), owner: t.one('owner', { inverse: 'secrets' }), open: t.bool() }).rules(
    (_, row) => ({ read: row.open.is(true), create: always }),
  )
  // Which of the two declares them is only known at run time.
  return { owner, tag, note, secret } as unknown as Record<string, never>
}

/** How many rows there are: each owner has all tags. */
export interface Stock {
  readonly owners: number
  readonly tags: number
  readonly notes: number
}

/** How large the parts of the requests are. */
export interface Sizes {
  /** Texts that are looked for: a filter has 50 nodes with its root. */
  readonly texts: number
  /** Items of a list in a filter: the target of a request has 8 KB. */
  readonly items: number
  /** Keys of a sort. */
  readonly sort: readonly string[]
  readonly offset: number
}

/** A list that is read. What it looks for is never there, so that nothing ends it early. */
export interface ExpensiveRead {
  readonly name: string
  readonly of: 'note' | 'owner'
  readonly params: Readonly<Record<string, unknown>>
  /** With how many values each row is compared. */
  readonly compared: number
  /** How many rows it visits, by where they are. */
  readonly visited: { readonly memory: number; readonly file: number }
}

const everywhere = (rows: number): ExpensiveRead['visited'] => ({ memory: rows, file: rows })

/** The most expensive reads of the sizes that are given. */
export function expensiveReads({ owners, tags, notes }: Stock, sizes: Sizes): ExpensiveRead[] {
  const { texts, items, sort, offset } = sizes
  const list = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  const anywhere = (field: string, operator: string): object => ({
    $or: list(texts, i => ({ [field]: { [operator]: `nowhere ${i}` } })),
  })
  const quantified = (['$some', '$none', '$every'] as const).map((quantifier): ExpensiveRead => ({
    name: `related rows, ${quantifier}`,
    of: 'owner',
    params: { filter: { notes: { [quantifier]: { rank: { [quantifier === '$every' ? '$gte' : '$lt']: 0 } } } } },
    compared: 1,
    visited: everywhere(owners + notes),
  }))
  return [
    {
      name: 'text anywhere',
      of: 'note',
      params: { filter: { title: { $icontains: 'nowhere' } } },
      compared: 1,
      visited: everywhere(notes),
    },
    {
      name: `${texts} times text anywhere`,
      of: 'note',
      params: { filter: anywhere('title', '$contains') },
      compared: texts,
      visited: everywhere(notes),
    },
    {
      name: `${texts} times text that is not ASCII`,
      of: 'note',
      params: { filter: anywhere('body', '$icontains') },
      compared: texts,
      visited: everywhere(notes),
    },
    {
      name: `any of ${items}`,
      of: 'note',
      params: { filter: { words: { $hasAny: list(items, i => `no ${i}`) } } },
      compared: items > 1 ? 1 : 2,
      visited: everywhere(notes),
    },
    {
      name: 'a sort that no index has',
      of: 'note',
      params: { sort: sort.join(','), limit: 100 },
      compared: 0,
      visited: everywhere(notes),
    },
    {
      name: 'the end of what is not sorted',
      of: 'note',
      params: { filter: { rank: { $gte: 0 } }, offset },
      compared: 1,
      visited: everywhere(Math.min(notes, offset + 26)),
    },
    {
      name: 'a related row',
      of: 'note',
      params: { filter: { owner: { name: 'nobody' } } },
      compared: 1,
      // SQLite visits the owner of each note.
      visited: { memory: notes, file: 2 * notes },
    },
    ...quantified,
    {
      name: 'linked rows',
      of: 'owner',
      params: { filter: { tags: { $some: { label: 'nothing' } } } },
      compared: 1,
      visited: everywhere(owners + owners * tags),
    },
    {
      name: 'the number of related rows',
      of: 'owner',
      params: { filter: { notes: { $size: notes } } },
      compared: 1,
      visited: everywhere(owners + notes),
    },
    {
      name: 'three relations deep',
      of: 'note',
      params: { filter: { owner: { notes: { $some: { owner: { name: 'nobody' } } } } } },
      compared: 1,
      visited: { memory: 2 * notes, file: 2 * notes + owners },
    },
  ]
}

/** A list whose answer is large. */
export interface LargeAnswer {
  readonly name: string
  readonly of: 'note' | 'owner'
  readonly params: Readonly<Record<string, unknown>>
}

/** The lists that make the most bytes. */
export const largeAnswers: readonly LargeAnswer[] = [
  { name: 'a page', of: 'note', params: { limit: 100 } },
  { name: 'a page backwards', of: 'note', params: { limit: 100, sort: '-id' } },
  { name: 'ids of related rows', of: 'owner', params: { limit: 100, fields: 'id,secrets,tags' } },
  { name: 'related rows', of: 'owner', params: { limit: 100, depth: 2, include: 'notes' } },
  { name: 'related rows of related rows', of: 'owner', params: { limit: 100, depth: 3, include: 'notes.owner.tags' } },
]

/** The parameters of a read as the query of a URI. */
export function queryText(params: ExpensiveRead['params']): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.entries(params)
    .map(([name, value]) => `${name}=${encodeURIComponent(text(value))}`)
    .join('&')
}
