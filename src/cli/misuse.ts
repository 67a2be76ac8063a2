/** A command that cannot be done as it was given, and what to do instead; shown without a stack. */
export class Misuse extends Error {
  override readonly name = 'Misuse'
  readonly fix: string

  constructor(problem: string, fix: string) {
    super(problem)
    this.fix = fix
  }
}
