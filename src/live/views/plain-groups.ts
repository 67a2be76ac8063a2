import type { Resource } from '../../model/model.ts'
import type { Change, Commit } from '../../store/store.ts'
import type { Group } from './group.ts'
import { GroupIndex } from '../incremental/routing/group-index.ts'
import type { RowState } from '../incremental/step/state.ts'

/** Groups for which the changed row alone tells everything, indexed by the values of their rows. */
export class PlainGroups {
  readonly #indexes = new Map<Resource, GroupIndex<Group>>()

  add(group: Group): void {
    const { resource, where } = group.interest
    let index = this.#indexes.get(resource)
    if (!index) this.#indexes.set(resource, (index = new GroupIndex(resource)))
    index.add(group, where)
  }

  delete(group: Group): void {
    const { resource, where } = group.interest
    const index = this.#indexes.get(resource)
    index?.delete(group, where)
    // An index of groups that no change can concern is empty; it must not stay behind.
    if (index?.isEmpty) this.#indexes.delete(resource)
  }

  /** The groups that commits may concern, each with the changes that may concern it, by commit. */
  concernedBy(commits: readonly Commit[]): Map<Group, Map<Commit, Change[]>> {
    const concerned = new Map<Group, Map<Commit, Change[]>>()
    for (const commit of commits)
      for (const change of commit.changes)
        this.#indexes.get(change.resource)?.visit(change, noOthers, noOthers, target => {
          const group = target as Group
          let byCommit = concerned.get(group)
          if (!byCommit) concerned.set(group, (byCommit = new Map()))
          const list = byCommit.get(commit)
          if (list) list.push(change)
          else byCommit.set(commit, [change])
        })
    return concerned
  }
}

/** These predicates ask nothing beyond the row itself. */
const noOthers: RowState = { row: () => null, children: () => [], others: () => new Set() }
