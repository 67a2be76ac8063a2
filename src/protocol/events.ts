/** What a change is called (protocol §7.2, §8.5): the row comes into view, is another, or is no longer there. */
export const eventNames = {
  enter: { native: 'enter', sse: 'created' },
  change: { native: 'change', sse: 'updated' },
  leave: { native: 'leave', sse: 'deleted' },
} as const
