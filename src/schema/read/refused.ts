import type { IssueCode } from '../../protocol/codes.ts'

/** Why a type refuses a value. Values are plain JSON, so `instanceof Refused` distinguishes the two. */
export class Refused {
  readonly code: IssueCode
  readonly detail: string
  /** The place within the value, as a JSON pointer (`/3` in a list). '' = the value itself. */
  readonly at: string

  constructor(code: IssueCode, detail: string, at = '') {
    this.code = code
    this.detail = detail
    this.at = at
  }
}

/**
 * Makes the answer of a type's `check` for a value that it refuses. `code` is for programs, `detail` for people: it continues a
 * sentence that begins with the name of the field.
 * @example
 * refuse('format', 'must be a color like "#ff8800"')
 */
export function refuse(code: IssueCode, detail: string): Refused {
  return new Refused(code, detail)
}
