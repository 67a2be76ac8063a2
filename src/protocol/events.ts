/** What a change is called in each dialect (protocol §7.2, §8.5): the row comes into view, is another, or is no longer there. */
export const eventNames = {
  enter: { native: 'enter', sse: 'created', socketio: 'create', envelope: 'create' },
  change: { native: 'change', sse: 'updated', socketio: 'patch', envelope: 'update' },
  leave: { native: 'leave', sse: 'deleted', socketio: 'delete', envelope: 'delete' },
} as const
