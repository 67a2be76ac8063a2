import type { IssueCode } from '../../protocol/codes.ts'

/** A value that a type does not take. Values are plain JSON, so `instanceof Refused` tells the two apart. */
export class Refused {
  readonly code: IssueCode
  readonly detail: string
  /** Where in the value, as a JSON pointer (`/3` in a list); '' is the value itself. */
  readonly at: string

  constructor(code: IssueCode, detail: string, at = '') {
    this.code = code
    this.detail = detail
    this.at = at
  }
}

/**
 * The answer of a type's `check` to a value that it does not take: a code for programs and a text for people, which
 * goes on from the name of the field.
 *
 * @example refuse('format', 'must be a color like "#ff8800"')
 */
export function refuse(code: IssueCode, detail: string): Refused {
  return new Refused(code, detail)
}
