import type { View } from './live-history.ts'

/** What the fault test of subscriptions follows. */
export const views: readonly View[] = [
  { name: 'all', uri: '/item', holds: () => true, window: null },
  { name: 'group', uri: '/item?group=1', holds: row => row.group === 1, window: null },
  { name: 'range', uri: '/item?group[gte]=1&id[gt]=3', holds: row => row.group >= 1 && row.id > 3, window: null },
  { name: 'window', uri: '/item?group=1&sort=-id&limit=3', holds: row => row.group === 1, window: 3 },
]
