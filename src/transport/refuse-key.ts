import { ApiError } from '../protocol/error.ts'

/**
 * Refuses an idempotency key for handled resources: their functions do things outside of the store, which cannot be repeated
 * from a stored answer.
 */
export function refuseKey(key: string | null | undefined): void {
  if (key == null) return
  const detail = 'what functions serve cannot be asked for twice by a key'
  throw new ApiError('validation', { issues: [{ code: 'unknown_param', pointer: '#/key', detail }] })
}
