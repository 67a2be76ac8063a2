import type { Connected } from '../../../live/live.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { asksStudio, misasked, readsStudio } from '../studio-service.ts'
import type { StudioOptions } from '../studio-options.ts'
import type { StudioSubject } from '../studio-subject.ts'
import { faceOf } from '../server-report.ts'
import { labelsOf } from '../users.ts'

/** How many sessions are listed. */
const LISTED = 200

/**
 * The sessions of all users, with what each user is called and from where it is connected to this node, and ending one:
 * `{ id }`. The log says who did that.
 */
export function sessionServices(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service[] {
  const sessions = shown.auth?.sessions ?? null
  if (sessions === null) return []
  return [
    readsStudio(path, rules, async () => {
      const open = connectionsOf(shown.live.connections.keys())
      const labelFor = labelsOf(shown)
      const listed: object[] = []
      for (const one of await sessions.list(LISTED))
        listed.push({ ...one, label: await labelFor(one.user), connections: [...(open.get(one.id) ?? [])] })
      return { sessions: listed }
    }),
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

/** From where sessions are connected, by their ids, each place once. */
function connectionsOf(all: Iterable<Connected>): Map<string, Set<string>> {
  const open = new Map<string, Set<string>>()
  for (const one of all) {
    if (one.session === null) continue
    const places = open.get(one.session) ?? new Set()
    open.set(one.session, places.add([faceOf(one), one.credentials.address].filter(Boolean).join(' ')))
  }
  return open
}
