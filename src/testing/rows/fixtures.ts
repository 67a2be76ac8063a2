import type { Modelled, New, Own, Row } from '../../model/declare/types.ts'
import type { RowOperations } from '../../model/rules/row-operations.ts'

/**
 * Makes rows that tests speak of by names, one after the other, and returns them by these names. The names and the fields have the
 * types of the declaration. Rules are not asked. Throws what `app.create` throws.
 *
 * @example
 * const { ada } = await fixtures(app, 'user', {
 *   ada: { email: 'ada@example.org', password: 'correct horse' },
 * })
 * const { milk, bread } = await fixtures(app, 'todo', { milk: { text: 'Milk' }, bread: { text: 'Bread', rank: 2 } })
 */
export async function fixtures<M, K extends Modelled<M>, const N extends string>(
  app: RowOperations<M>,
  resource: K,
  rows: Readonly<Record<N, New<M, K> & Own<M, K>>>,
): Promise<Record<N, Row<M, K>>> {
  const made: [string, Row<M, K>][] = []
  for (const [name, row] of Object.entries<New<M, K> & Own<M, K>>(rows))
    made.push([name, await app.create(resource, row)])
  return Object.fromEntries(made) as Record<N, Row<M, K>>
}
