import { ADMIN } from './live-model.ts'
import type { View } from './live-state.ts'

/**
 * The views that the fault test of subscriptions follows: plain ones, filters and rules through relations, and windows of them.
 */
export const views: readonly View[] = [
  { name: 'all', uri: '/item', me: ADMIN, holds: () => true, window: null, isMerged: false },
  { name: 'group', uri: '/item?group=1', me: ADMIN, holds: row => row.group === 1, window: null, isMerged: false },
  {
    name: 'range',
    uri: '/item?group[gte]=1&id[gt]=3',
    me: ADMIN,
    holds: row => row.group >= 1 && row.id > 3,
    window: null,
    isMerged: false,
  },
  {
    name: 'window',
    uri: '/item?group=1&sort=-id&limit=3',
    me: ADMIN,
    holds: row => row.group === 1,
    window: 3,
    isMerged: true,
  },
  {
    name: 'of an owner',
    uri: '/item?list.owner=2',
    me: ADMIN,
    holds: (_, list) => list.owner === 2,
    window: null,
    isMerged: false,
  },
  {
    name: 'window of a member',
    uri: `/item?filter=${encodeURIComponent('{"list":{"members":{"$some":{"id":3}}}}')}&sort=-id&limit=4`,
    me: ADMIN,
    holds: (_, list) => list.members.has(3),
    window: 4,
    isMerged: true,
  },
  ...[1, 2].map((me): View => ({
    name: `seen by ${me}`,
    uri: '/item',
    me,
    holds: (_, list) => list.owner === me || list.members.has(me),
    window: null,
    isMerged: false,
  })),
  {
    name: 'window seen by 1',
    uri: '/item?sort=-id&limit=3',
    me: 1,
    holds: (_, list) => list.owner === 1 || list.members.has(1),
    window: 3,
    isMerged: true,
  },
]
