import type { LocalCode } from '../problem.ts'

// Which codes a refusal may have, by operation (docs/protocol.md §3, §6.4).

type Common =
  | 'unauthenticated'
  | 'token_expired'
  | 'forbidden'
  | 'insufficient_scope'
  | 'rate_limited'
  | 'unavailable'
  | 'internal'
  | LocalCode

export type ListCode = Common | 'validation' | 'unknown_param' | 'forbidden_field' | 'too_complex' | 'vague'
export type GetCode = ListCode | 'not_found'
export type CreateCode =
  | Common
  | 'validation'
  | 'read_only'
  | 'conflict'
  | 'idempotency_mismatch'
  | 'outcome_unknown'
  | 'payload_too_large'
  | 'too_many_rows'
export type ChangeCode = CreateCode | 'not_found' | 'precondition_failed' | 'precondition_required'
export type FileCode = ChangeCode | 'unsupported_media_type' | 'unsupported_encoding' | 'range_not_satisfiable'
export type LoginCode = 'unauthenticated' | 'rate_limited' | 'validation' | 'unavailable' | 'internal' | LocalCode
