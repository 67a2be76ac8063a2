import type { Auth } from '../../../auth/auth.ts'
import { plainCredentials } from '../../../auth/principal.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { asksStudio, misasked, refusedToUse } from '../studio-service.ts'
import type { StudioOptions } from '../studio-options.ts'

/** Begins a session of another user: `{ user }`. The log says who did that, whatever happens then. */
export function lookAsService(path: string, rules: Required<StudioOptions>, auth: Auth): Service {
  return asksStudio(path, rules, async ({ user }, { who, face, exchange }) => {
    if (!rules.lookAs(who, plainCredentials(exchange))) throw refusedToUse(who)
    if (typeof user !== 'string' && typeof user !== 'number') throw misasked('user', 'must be the id of a user')
    face.log({
      level: 'warn',
      event: 'studio.look-as',
      requestId: exchange.requestId ?? '',
      method: exchange.method,
      path,
      error: { by: who?.id ?? null, address: exchange.address ?? null, user },
    })
    return auth.begin(user)
  })
}
