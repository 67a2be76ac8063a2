import type { Auth } from '../../auth/auth.ts'
import type { Id } from '../../model/model.ts'
import { writerOf } from '../../store/signature.ts'
import type { StudioSubject } from './studio-subject.ts'
import { labelOf } from './user-label.ts'

/** Who made a change. */
export interface Author {
  /** null = somebody who was not logged in. */
  readonly id: Id | null
  readonly label: string
}

/** Finds the authors behind signatures of the log, each once; null = the application itself or another program, or nobody noted it. */
export function authorsOf(shown: StudioSubject): (signature: string | undefined) => Promise<Author | null> {
  const known = new Map<Id | null, Author>()
  return async signature => {
    if (signature === undefined) return null
    const id = writerOf(signature)
    const author = known.get(id) ?? { id, label: await nameOf(shown, shown.auth, id) }
    known.set(id, author)
    return author
  }
}

async function nameOf(shown: StudioSubject, auth: Auth | null, id: Id | null): Promise<string> {
  const user = id === null ? null : await auth?.userOf(id)
  return user ? labelOf(shown, user) : id === null ? 'somebody who was not logged in' : ''
}
