/** The names of changes (protocol §7.2, §8.5): a row comes into view, changes, or leaves the view. */
export const eventNames = {
  enter: { native: 'enter', sse: 'created' },
  change: { native: 'change', sse: 'updated' },
  leave: { native: 'leave', sse: 'deleted' },
} as const
