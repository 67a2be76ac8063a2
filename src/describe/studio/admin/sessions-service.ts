import type { Auth } from '../../../auth/auth.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { asksStudio, misasked, readsStudio } from '../studio-service.ts'
import type { StudioOptions } from '../studio-options.ts'

/** How many sessions are listed. */
const LISTED = 200

/** The sessions of all users, and ending one: `{ id }`. The log says who did that. */
export function sessionServices(path: string, rules: Required<StudioOptions>, auth: Auth): Service[] {
  const { sessions } = auth
  if (sessions === null) return []
  return [
    readsStudio(path, rules, async () => ({ sessions: await sessions.list(LISTED) })),
    asksStudio(`${path}/end`, rules, async ({ id }, { who, face, exchange }) => {
      if (typeof id !== 'string') throw misasked('id', 'must be the id of a session')
      await sessions.end(id)
      face.log({
        level: 'warn',
        event: 'studio.end-session',
        requestId: exchange.requestId ?? '',
        method: exchange.method,
        path,
        error: { by: who?.id ?? null, address: exchange.address ?? null, session: id },
      })
      return { id }
    }),
  ]
}
