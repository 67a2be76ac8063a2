import { messageAt } from './report.ts'

/** A fault in a schema text. */
export interface SchemaFault {
  readonly message: string
  /** The place in the schema: `user.tags[].name`. */
  readonly position: string
  /** What to write instead. */
  readonly fix: string
}

/**
 * Thrown for a schema text that cannot be used. Its message lists all faults, one per line. It is thrown only while schemas are
 * declared.
 */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly faults: readonly SchemaFault[]

  constructor(faults: readonly SchemaFault[]) {
    super(faults.map(({ message, position, fix }) => `${messageAt(message, position)}; ${fix}`).join('\n'))
    this.faults = Object.freeze(faults)
  }
}

/** Notes a fault at the place that is being read. Reading goes on, so that one start shows all faults. */
export type NoteTextFault = (message: string, fix: string) => void
