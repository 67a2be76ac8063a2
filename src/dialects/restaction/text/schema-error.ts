import { messageAt } from './report.ts'

/** One thing wrong with a schema text. */
export interface SchemaFault {
  readonly message: string
  /** `user.tags[].name`: where in the schema. */
  readonly position: string
  /** What to write instead. */
  readonly fix: string
}

/** A schema text that cannot be used: every fault of it, one per line of the message. Thrown at declaration only. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly faults: readonly SchemaFault[]

  constructor(faults: readonly SchemaFault[]) {
    super(faults.map(({ message, position, fix }) => `${messageAt(message, position)}; ${fix}`).join('\n'))
    this.faults = Object.freeze(faults)
  }
}

/** Notes a fault at the place that is being read; reading goes on behind it, so that one start shows them all. */
export type NoteTextFault = (message: string, fix: string) => void
