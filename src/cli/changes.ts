import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogTail } from '../store/sqlite/log/tail.ts'
import { Misuse } from './misuse.ts'

/** Milliseconds between looks at the file. */
const WATCH = 100

export interface ChangesOptions {
  /** Begins after this position instead of at the newest. */
  readonly since: string | null
  /** Ends when everything that is there has been told. */
  readonly once: boolean
  readonly signal?: AbortSignal
}

/** `restuary changes FILE`: the change log of a SQLite file, a line of JSON for each change, as it grows. */
export async function printChanges(
  file: string,
  { since, once, signal }: ChangesOptions,
  write: (line: string) => void = line => void process.stdout.write(line),
): Promise<void> {
  if (!existsSync(file)) throw new Misuse(`There is no file ${file}`, 'name one that an API keeps')
  const tail = opened(file, since)
  try {
    for (;;) {
      const lines = tail.read()
      for (const line of lines) write(`${JSON.stringify(line)}\n`)
      if (lines.length > 0) continue
      if (once || signal?.aborted === true) return
      await sleep(WATCH, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    }
  } finally {
    tail.close()
  }
}

function opened(file: string, since: string | null): LogTail {
  try {
    return new LogTail(file, since)
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error), 'see restuary help')
  }
}
