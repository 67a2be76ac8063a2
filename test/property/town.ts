import type { AnyResource } from '../../src/model/declare/declaration.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'

const key = t.id('integer', { client: 'put' })

/** A model with every kind of relation and every onDelete, on which the random programs run. */
export const town: Readonly<Record<string, AnyResource>> = {
  male: resource({
    id: key,
    name: t.text().nullable(),
    wife: t.one('female', { inverse: 'husband', unique: true }).nullable(),
    children: t.back('child', 'father'),
  }),
  female: resource({
    id: key,
    name: t.text().default('eve'),
    husband: t.back('male', 'wife', { one: true }),
    children: t.back('child', 'mother'),
  }),
  child: resource({
    id: key,
    name: t.text().nullable(),
    father: t.one('male', { inverse: 'children', onDelete: 'cascade' }).nullable(),
    mother: t.one('female', { inverse: 'children' }).nullable(),
    godfather: t.one('male').nullable(),
    friends: t.many('child', { symmetric: true }),
    clubs: t.many('club', { inverse: 'members' }),
  }),
  club: resource({
    id: key,
    title: t.text().unique().nullable(),
    members: t.many('child', { inverse: 'clubs' }),
    rooms: t.many('jar'),
  }),
  jar: resource({ id: key, size: t.integer({ min: 0, max: 9 }).default(1), cookies: t.back('cookie', 'jar') }),
  cookie: resource({
    id: key,
    type: t.enum(['biscuit', 'donut']).nullable(),
    jar: t.one('jar', { inverse: 'cookies', onDelete: 'restrict' }),
  }),
  node: resource({
    id: key,
    parent: t.one('node', { inverse: 'kids', onDelete: 'cascade' }).nullable(),
    kids: t.back('node', 'parent'),
    spouse: t.one('node', { symmetric: true, unique: true }).nullable(),
  }),
}
