import type { IssueCode } from '../protocol/codes.ts'

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
