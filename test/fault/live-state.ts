// The rows that there were at each position, and what a view showed of them (pure functions over plain data).

export interface ItemRow {
  readonly id: number
  readonly text: string
  readonly group: number
  readonly list: number
}

/** Who may see the items of a list. */
export interface Audience {
  readonly owner: number
  readonly members: ReadonlySet<number>
}

/** A log record: an item with its values, null when it is deleted, or a list with those who may see its items. */
export type Record =
  | { readonly seq: number; readonly resource: 'user'; readonly id: number }
  | { readonly seq: number; readonly resource: 'item'; readonly id: number; readonly after: ItemRow | null }
  | { readonly seq: number; readonly resource: 'list'; readonly id: number; readonly after: Audience }

export interface LoggedCommit {
  readonly position: number
  readonly changes: readonly Record[]
}

export interface Versioned {
  readonly seq: number
  readonly row: ItemRow
}

export interface State {
  readonly items: ReadonlyMap<number, Versioned>
  readonly lists: ReadonlyMap<number, Audience>
}

/** A subscribed query, in the words of the server and as a function of the stored rows. */
export interface View {
  readonly name: string
  readonly uri: string
  /** The caller. */
  readonly me: number
  readonly holds: (row: ItemRow, list: Audience) => boolean
  /** The first so many by descending id; null = all. */
  readonly window: number | null
  /** Whether commits that became visible together may be sent as one step. */
  readonly isMerged: boolean
}

/** What the log says about a row, with those who were added to or removed from a list. */
export interface Logged {
  readonly seq: number
  readonly resource: string
  readonly id: number
  readonly after: unknown
  readonly lists?: readonly { readonly added: readonly number[]; readonly removed: readonly number[] }[]
}

/** A record with all members of a list. `audiences` are those of the lists so far. */
export function recordOf({ seq, resource, id, after, lists = [] }: Logged, audiences: Map<number, Audience>): Record {
  if (resource === 'item') return { seq, resource, id, after: after as ItemRow | null }
  if (resource === 'user') return { seq, resource, id }
  const members = new Set(audiences.get(id)?.members)
  for (const { added, removed } of lists) {
    for (const user of removed) members.delete(user)
    for (const user of added) members.add(user)
  }
  const { owner } = after as { owner: number }
  audiences.set(id, { owner, members })
  return { seq, resource: 'list', id, after: { owner, members } }
}

export const noState: State = { items: new Map(), lists: new Map() }

/** The state after a commit. */
export function after(state: State, { changes }: LoggedCommit): State {
  const items = new Map(state.items)
  const lists = new Map(state.lists)
  for (const change of changes) {
    if (change.resource === 'list') lists.set(change.id, change.after)
    else if (change.resource === 'user') continue
    else if (change.after) items.set(change.id, { seq: change.seq, row: change.after })
    else items.delete(change.id)
  }
  return { items, lists }
}

export function shownIn({ holds, window }: View, { items, lists }: State): ReadonlyMap<number, Versioned> {
  const rows = [...items].filter(([, { row }]) => holds(row, lists.get(row.list)!))
  if (window === null) return new Map(rows)
  return new Map(rows.toSorted(([a], [b]) => b - a).slice(0, window))
}

export interface Step {
  readonly kind: 'enter' | 'change' | 'leave'
  readonly seq: number
  readonly row: ItemRow | null
}

/** The steps that lead a view from one state to another. */
export function stepsBetween(view: View, before: State, after: State): Map<number, Step> {
  const [was, is] = [shownIn(view, before), shownIn(view, after)]
  const steps = new Map<number, Step>()
  for (const [id, { seq, row }] of is) {
    const old = was.get(id)
    if (!old) steps.set(id, { kind: 'enter', seq, row })
    else if (old.seq !== seq) steps.set(id, { kind: 'change', seq, row })
  }
  for (const [id, { seq }] of was) if (!is.has(id)) steps.set(id, { kind: 'leave', seq, row: null })
  return steps
}

export function sameRow(a: ItemRow | null, b: ItemRow): boolean {
  return a !== null && a.id === b.id && a.text === b.text && a.group === b.group && a.list === b.list
}

export function sameRows(a: readonly ItemRow[], b: readonly ItemRow[]): boolean {
  const byId = new Map(a.map(row => [row.id, row]))
  return byId.size === a.length && a.length === b.length && b.every(row => sameRow(byId.get(row.id) ?? null, row))
}
