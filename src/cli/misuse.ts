/** A command that cannot be executed as it was given, and what to do instead. It is shown without a stack trace. */
export class Misuse extends Error {
  override readonly name = 'Misuse'
  readonly fix: string

  constructor(problem: string, fix: string) {
    super(problem)
    this.fix = fix
  }
}
