import type { AnyResource } from '../../src/model/declare/declaration.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'

const key = t.id('integer', { client: 'put' })

/** A small model whose to-many lists are not part of the body, with fields that are counted and calculated. */
export const yard: Readonly<Record<string, AnyResource>> = {
  fence: resource({
    id: key,
    name: t.text().nullable(),
    trees: t.back('tree', 'fence', { ids: false }),
  }),
  tree: resource({
    id: key,
    height: t.integer({ min: 0, max: 9 }).default(1),
    fence: t.one('fence', { inverse: 'trees', onDelete: 'null' }).nullable(),
    birds: t.many('bird', { inverse: 'trees' }),
    many: t.count('birds').sortable(),
    tall: t.calc({ of: t.bool(), uses: ['height'], get: row => Number(row['height']) > 5 }),
  }),
  bird: resource({ id: key, name: t.text().nullable(), trees: t.many('tree', { inverse: 'birds', ids: false }) }),
}
