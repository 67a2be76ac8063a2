import type { Id, Resource } from '../../model/model.ts'
import type { Store } from '../../store/store.ts'
import type { Service } from '../../transport/http/endpoint.ts'
import { idsOf } from './asked-ids.ts'
import { authorsOf, type Author } from './author.ts'
import { servedResource } from './model-report.ts'
import { asksStudio, misasked } from './studio-service.ts'
import type { StudioOptions } from './studio-options.ts'
import type { StudioSubject } from './studio-subject.ts'

/** The most rows of one question, and the most changes of each. */
const MOST = { rows: 100, changes: 100 }

interface ChangedBy {
  readonly position: string
  /** null = the application itself or another program, or nobody noted it. */
  readonly by: Author | null
}

/**
 * Says who changed rows: `{ resource, ids, limit }`. Of each row it tells the newest changes, at most `limit` (1 by default). The
 * public history does not tell it, because who may read a row need not know who else writes it.
 */
export function authorsService(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service {
  const { model, store } = shown
  return asksStudio(path, rules, async asked => {
    const resource = servedResource(model, asked['resource'])
    if (!resource) throw misasked('resource', 'must be the name of a resource that is served')
    const ids = idsOf(resource, asked['ids'], MOST.rows)
    const { limit = 1 } = asked
    if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > MOST.changes)
      throw misasked('limit', `must be a number from 1 to ${MOST.changes}`)
    const authorOf = authorsOf(shown)
    const rows: { readonly id: Id; readonly changes: ChangedBy[] }[] = []
    for (const id of ids) {
      const changes: ChangedBy[] = []
      for (const { position, by } of await signed(store, resource, id, limit as number))
        changes.push({ position, by: await authorOf(by) })
      rows.push({ id, changes })
    }
    return { rows }
  })
}

async function signed(
  store: Store,
  resource: Resource,
  id: Id,
  limit: number,
): Promise<{ readonly position: string; readonly by: string | undefined }[]> {
  const records = await store.history(resource, id, Infinity, limit)
  return records.map(({ seq, by }) => ({ position: store.terms.position(seq), by }))
}
