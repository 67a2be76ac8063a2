import type { Resource } from '../../model/model.ts'
import type { Change, Commit } from '../../store/store.ts'
import type { Group } from './group.ts'
import { GroupIndex } from '../incremental/routing/group-index.ts'
import type { State } from '../incremental/step/state.ts'

/** Groups of which the images of a changed row tell all, by the values that their rows have. */
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
    // Of a group that nothing can concern there is no trace.
    if (index?.isEmpty) this.#indexes.delete(resource)
  }

  /** Those that commits may concern, each with its candidate changes by commit. */
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

/** Nothing beyond the row is asked. */
const noOthers: State = { row: () => null, children: () => [], others: () => new Set() }
