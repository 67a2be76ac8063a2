import type { ApiError } from '../../protocol/error.ts'
import type { closeCodes } from '../../protocol/frames.ts'

/** Why the server closes a connection. */
export type CloseReason = keyof typeof closeCodes

const reasons: { readonly [code in ApiError['code']]?: CloseReason } = {
  rate_limited: 'flooding',
  payload_too_large: 'too_large',
}

/** Why a connection ends that an error ends. Where nothing is wrong with the client, it may connect again. */
export function closeReasonOf({ code, status }: ApiError): CloseReason {
  return reasons[code] ?? (status === 401 ? 'unauthenticated' : 'going_away')
}
