/** Operations of a resource that have the usual types, and the type that has them. */
export interface UsualRows {
  readonly names: ReadonlySet<string>
  readonly text: string
}

/** How the usual operations are read: what varies in their signatures. The order of `parts` is that of the groups. */
const forms: readonly { readonly name: string; readonly form: RegExp; readonly parts: readonly Part[] }[] = [
  {
    name: 'list',
    form: /^\((.*?)query\?: ListQuery<([^,<>]+)>, options\?: Options\): Promise<(.*)\[\]>$/s,
    parts: ['L', 'W', 'R'],
  },
  {
    name: 'create',
    form: /^<D extends (.*) \| readonly (.*)\[\]>\((.*?)data: D, options\?: Options & \{ query\?: Shape \}\): Promise<D extends readonly unknown\[\] \? (.*)\[\] : (.*)>$/s,
    parts: ['C', 'C', 'L', 'R', 'R'],
  },
  { name: 'get', form: /^\((.*?)query\?: Shape, options\?: Options\): Promise<(.*)>$/s, parts: ['I', 'R'] },
  { name: 'replace', form: writeForm(), parts: ['I', 'U', 'R'] },
  { name: 'patch', form: writeForm(), parts: ['I', 'P', 'R'] },
  {
    name: 'delete',
    form: /^\((.*?)query\?: Record<string, unknown>, options\?: Options\): Promise<Response>$/s,
    parts: ['I'],
  },
  {
    name: 'history',
    form: /^\((.*?)query\?: HistoryQuery, options\?: Options\): Promise<HistoryRecord\[\]>$/s,
    parts: ['I'],
  },
]

/** The parameters of `Rows` (see declarations.ts). */
type Part = 'L' | 'I' | 'R' | 'C' | 'W' | 'U' | 'P'

function writeForm(): RegExp {
  return /^\((.*?)data: (.*), options\?: Options & \{ query\?: Shape \}\): Promise<(.*)>$/s
}

/** Finds the operations that `Rows` describes among the signatures of a resource. null = fewer than two. */
export function usualRows(signatures: ReadonlyMap<string, string>): UsualRows | null {
  const found = new Map<Part, string>()
  const names = new Set<string>()
  for (const { name, form, parts } of forms) {
    const values = form.exec(signatures.get(name) ?? '')?.slice(1)
    if (
      !values ||
      !parts.every((part, i) => (found.get(part) ?? values[i]) === values[i] && agree(parts, values, part))
    )
      continue
    parts.forEach((part, i) => found.set(part, values[i]!))
    names.add(name)
  }
  if (names.size < 2) return null
  const tuple = (part: Part): string => `[${(found.get(part) ?? '').replace(/, $/, '')}]`
  const others = (['R', 'C', 'W', 'U', 'P'] as const).map(part => found.get(part) ?? 'never')
  const rows = `Rows<${[tuple('L'), tuple('I'), ...others].join(', ')}>`
  const missing = forms.map(({ name }) => name).filter(name => !names.has(name))
  const union = (all: Iterable<string>): string => [...all].map(name => JSON.stringify(name)).join(' | ')
  if (missing.length === 0) return { names, text: rows }
  const related = /^Rows<\[id: (.+)\], \[id: \1, relatedId: (.+?)\], /s
  if (missing.length === 1 && missing[0] === 'history' && related.test(rows))
    return { names, text: rows.replace(related, 'Related<$1, $2, ') }
  const isMost = missing.length < names.size
  return { names, text: isMost ? `Omit<${rows}, ${union(missing)}>` : `Pick<${rows}, ${union(names)}>` }
}

/**
 * The types of a resource that may have a list, which the client can follow. `usual` is the type of its usual operations; with all
 * of them it is a `Table`.
 */
export function followedText(
  signatures: ReadonlyMap<string, string>,
  usual: string | undefined,
): (string | undefined)[] {
  const [list, , get] = forms
  const [above, filter, row] = list!.form.exec(signatures.get('list') ?? '')?.slice(1) ?? []
  if (row === undefined || above !== '') return [usual]
  const table = usual?.replace(/^((?:Omit<)?)Rows<\[\], \[id: (\w+)\], /, '$1Table<$2, ')
  if (table !== usual) return [table]
  const id = /^id: (.+), $/s.exec(get!.form.exec(signatures.get('get') ?? '')?.[1] ?? '')?.[1]
  return [usual, `Followed<${id ?? 'number | string'}, ${row}, ${filter!}>`]
}

/** A replacement by a unique key, as its own type: what varies are the body, the keys and the row. */
export function keyedText(signature: string): string | null {
  const form = /^\(data: (.*), options\?: Options & \{ query\?: Shape & (\{.*\}) \}\): Promise<(.*)>$/s
  const [, data, keys, row] = form.exec(signature) ?? []
  if (keys === undefined) return null
  const members = keys.split('\n').filter(line => !line.trimStart().startsWith('/**'))
  return `Keyed<${data}, ${row}, ${members
    .map(line => line.trim())
    .join(' ')
    .replace(/^\{ /, '{ ')}>`
}

/** Whether a part that comes twice is the same in both places. */
function agree(parts: readonly Part[], values: readonly string[], part: Part): boolean {
  return new Set(values.filter((_, i) => parts[i] === part)).size === 1
}
