import { ApiError } from '../protocol/error.ts'

/**
 * Refuses an idempotency key for handled resources: their functions do things outside of the store, which cannot be repeated
 * from a stored answer.
 */
export function refuseKey(key: string | null | undefined): void {
  if (key == null) return
  const detail = 'handled resources do not support idempotency keys'
  throw new ApiError('validation', { issues: [{ code: 'unknown_param', pointer: '#/key', detail }] })
}
