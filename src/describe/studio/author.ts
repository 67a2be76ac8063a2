import type { Id } from '../../model/model.ts'
import { writerOf } from '../../store/signature.ts'
import type { StudioSubject } from './studio-subject.ts'
import { labelsOf } from './users.ts'

/** Who made a change. */
export interface Author {
  /** null = somebody who was not logged in. */
  readonly id: Id | null
  readonly label: string
}

/** Finds the authors behind signatures of the log; null = the application itself or another program, or nobody noted it. */
export function authorsOf(shown: StudioSubject): (signature: string | undefined) => Promise<Author | null> {
  const labelFor = labelsOf(shown)
  return async signature => {
    if (signature === undefined) return null
    const id = writerOf(signature)
    return { id, label: id === null ? 'somebody who was not logged in' : await labelFor(id) }
  }
}
