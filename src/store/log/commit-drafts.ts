import { sizeOfRecord, type StoredRecord } from './log-format.ts'
import type { Change, Commit, Published } from '../store.ts'

/** A commit of the log while it is being written. */
interface Draft extends Commit {
  position: number
  changes: Change[]
  published: readonly Published[]
  bytes: number
}

const none: readonly Published[] = Object.freeze([])

/** The commits of a transaction while they are written. Positions are dense: the number of records tells where a commit begins. */
export class CommitDrafts {
  #drafts: Draft[] = []

  get all(): readonly Commit[] {
    return this.#drafts
  }

  clear(): void {
    this.#drafts = []
  }

  /** Adds the record of a change of the unit whose first seq is `tx`, with the bytes that it has in the log. */
  add(change: Change, { tx, at, bytes }: { readonly tx: number; readonly at: number; readonly bytes: number }): void {
    const draft = this.#of(change.seq, tx, at)
    draft.changes.push(change)
    draft.bytes += bytes
  }

  /** Counts the bytes of the records of all commits, in their order, if they are only made now. */
  measure(records: readonly StoredRecord[]): void {
    let next = 0
    for (const draft of this.#drafts)
      for (; next < records.length && records[next]![0] <= draft.position; next++)
        draft.bytes += sizeOfRecord(records[next]!)
  }

  publish(record: Published, tx: number, at: number): void {
    const draft = this.#of(record.seq, tx, at)
    draft.published = [...draft.published, record]
  }

  /** Takes back the records after a seq. */
  withdraw(seq: number): void {
    while ((this.#drafts.at(-1)?.position ?? 0) > seq) {
      const last = this.#drafts.at(-1)!
      last.changes = last.changes.filter(change => change.seq <= seq)
      last.published = last.published.filter(one => one.seq <= seq)
      last.position = seq
      if (last.changes.length + last.published.length === 0) this.#drafts.pop()
    }
  }

  #of(seq: number, tx: number, at: number): Draft {
    let draft = this.#drafts.at(-1)
    if (!draft || draft.position - draft.changes.length - draft.published.length + 1 !== tx)
      this.#drafts.push((draft = { position: seq, at, changes: [], published: none, bytes: 0 }))
    draft.position = seq
    return draft
  }
}
