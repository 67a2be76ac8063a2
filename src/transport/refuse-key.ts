import { ApiError } from '../protocol/error.ts'

/** Refuses the idempotency key of a message about something that functions serve: what they do is not remembered. */
export function refuseKey(key: string | null | undefined): void {
  if (key == null) return
  const detail = 'what functions serve cannot be asked for twice by a key'
  throw new ApiError('validation', { issues: [{ code: 'unknown_param', pointer: '#/key', detail }] })
}
