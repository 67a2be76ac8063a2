import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { AT, FIRST, SEQ, type Id, type Model, type Resource, type Row, type Value } from '../../model/model.ts'
import { UNKNOWN } from './unknown-member.ts'
import type { Change, Commit, ListDelta, Published, RowChange } from '../store.ts'

/** The columns of the log's table, in the order of a `StoredRecord`. */
export const LOG_COLUMNS = 'seq, tx, at, resource, id, op, before, after, lists, signature'

type Text = string | null

/** A record of the change log as databases store it. `tx` is the seq of the first record of its commit. */
export type StoredRecord = readonly [
  seq: number,
  tx: number,
  at: number,
  /** Empty if the record is about a URI, which then is the id. */
  resource: string,
  id: Id,
  op: string,
  before: Text,
  after: Text,
  lists: Text,
  signature: Text,
]

/** The operation that marks a position which no change explains: rows existed before the log, or were loaded without records. */
export const ADOPT = 'adopt'

/** The log keeps at least this many changes, and all changes of this many milliseconds. */
export const KEPT_RECORDS = { changes: 1_000_000, milliseconds: 86_400_000 } as const
/** How many records are removed at a time. */
export const TRIM_STEP = 500

type Members = { readonly [name: string]: Value }

/** The names of a resource's fields as members of JSON, by slot, and the slots of all fields. */
interface MemberNames {
  readonly names: readonly string[]
  readonly all: readonly number[]
}

/** Turns changes into the texts of the log, and records back into changes. */
export class LogFormat {
  readonly #resources: Model['resources']
  readonly #members: ReadonlyMap<Resource, MemberNames>

  constructor(model: Model) {
    this.#resources = model.resources
    this.#members = new Map([...model.resources.values()].map(resource => [resource, membersOf(resource)]))
  }

  /** The row before a change; of a patch, only the fields that it changed. */
  before({ resource, op, before, changed }: RowChange): Text {
    return before === null ? null : this.#json(resource, before, op === 'patch' ? changed : undefined)
  }

  after({ resource, after }: RowChange): Text {
    return after === null ? null : this.#json(resource, after)
  }

  /** A deletion always lists the links that went with the row, even if there were none (see `pairsUntold`). */
  lists({ lists, op }: RowChange): Text {
    return lists.length === 0 && op !== 'delete' ? null : JSON.stringify(lists)
  }

  /** Whether the resource of a record is in the model. */
  knows(resource: string): boolean {
    return this.#resources.has(resource)
  }

  /** The change of a record about a row. */
  change([seq, , , name, id, op, before, after, lists, by]: StoredRecord): Change {
    const resource = getOrThrow(this.#resources, name)
    const members = JSON.parse(after ?? before ?? '{}') as Members
    const is = after === null ? null : rowOf(resource, members, null)
    const missing = resource.columns.filter(({ name }) => !(name in members)).map(({ slot }) => slot)
    const changed: number[] = []
    let was: Row | null = null
    const unknown = { after: after === null ? [] : lostSlots(resource, members), before: [] as number[] }
    if (before !== null) {
      const former = after === null ? members : (JSON.parse(before) as Members)
      was = rowOf(resource, former, op === 'patch' ? is : null)
      if (op === 'patch') for (const { name, slot } of resource.columns) if (name in former) changed.push(slot)
      unknown.before = [...lostSlots(resource, former), ...unknown.after.filter(slot => !changed.includes(slot))]
    }
    return {
      seq,
      resource,
      id,
      op: op as Change['op'],
      before: was,
      after: is,
      changed,
      lists: lists === null ? [] : (JSON.parse(lists) as ListDelta[]),
      ...(by !== null && { by }),
      ...(missing.length > 0 && { missing }),
      ...(unknown.before.length + unknown.after.length > 0 && { unknown }),
      ...(op === 'delete' && lists === null && { pairsUntold: true }),
    }
  }

  /** A row as a JSON object with field names, the version first. Only these slots, if they are given. */
  #json(resource: Resource, row: Row, slots?: readonly number[]): string {
    const { names, all } = this.#members.get(resource) ?? membersOf(resource)
    let text = `{"_seq":${row[SEQ] as number},"_at":${row[AT] as number}`
    for (const slot of slots ?? all) {
      const value = row[slot]
      const isBare = typeof value === 'number' || typeof value === 'boolean'
      text += (names[slot] ?? '') + (isBare ? String(value) : JSON.stringify(value ?? null))
    }
    return text + '}'
  }
}

function membersOf({ columns }: Resource): MemberNames {
  const names: string[] = []
  for (const { slot, name } of columns) names[slot] = `,${JSON.stringify(name)}:`
  return { names, all: columns.map(({ slot }) => slot) }
}

function lostSlots({ columns }: Resource, members: Members): number[] {
  if (members[UNKNOWN] === undefined) return []
  const lost = members[UNKNOWN] as readonly string[]
  return columns.filter(({ name }) => lost.includes(name)).map(({ slot }) => slot)
}

/** Restores a row. Fields that were declared after the record was written have the value in `otherwise`, or null. */
function rowOf(resource: Resource, members: Members, otherwise: Row | null): Row {
  const row: Row = otherwise?.slice() ?? Array.from({ length: FIRST + resource.columns.length - 1 }, () => null)
  row[SEQ] = members['_seq'] ?? 0
  row[AT] = members['_at'] ?? 0
  for (const { name, slot } of resource.columns) if (name in members) row[slot] = members[name] ?? null
  return row
}

/** Bytes of records that are read at a time. */
export const RECORD_BYTES = 4_194_304

/** About how many bytes a record takes: only the images of its row can be long. */
export function sizeOfRecord(record: StoredRecord): number {
  return (record[6]?.length ?? 0) + (record[7]?.length ?? 0)
}

/** Puts records together into whole commits, with about `limit` changes, or fewer if they are large. */
export class CommitAssembly {
  readonly commits: Commit[] = []
  readonly #format: LogFormat
  readonly #limit: number
  #changes: Change[] = []
  #published: Published[] = []
  #tx = -1
  #taken = 0
  /** Of all commits before this one, and of this one. */
  #bytes = 0
  #own = 0

  constructor(format: LogFormat, limit: number) {
    this.#format = format
    this.#limit = limit
  }

  /** Adds the next record. `full` = it begins a commit that is no longer wanted; `unknown` = nobody knows what it changed. */
  add(record: StoredRecord): 'added' | 'full' | 'unknown' {
    const [seq, tx, at, name, id, op] = record
    if (op === ADOPT) return 'unknown'
    if (tx !== this.#tx) {
      this.#bytes += this.#own
      if (this.#taken >= this.#limit || this.#bytes >= RECORD_BYTES) return 'full'
      this.#own = 0
      this.#tx = tx
      this.#changes = []
      this.#published = []
      this.commits.push({ position: seq, at, changes: this.#changes, published: this.#published })
    }
    this.#own += sizeOfRecord(record)
    if (name === '') this.#published.push({ seq, uri: String(id), op: op as Published['op'], body: record[7] })
    // Another version of the application may have resources that this one does not.
    else if (this.#format.knows(name)) this.#changes.push(this.#format.change(record))
    const { commits } = this
    commits[commits.length - 1] = {
      position: seq,
      at,
      changes: this.#changes,
      published: this.#published,
      bytes: this.#own,
    }
    this.#taken++
    return 'added'
  }
}
