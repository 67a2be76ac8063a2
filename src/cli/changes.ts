import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogTail } from '../store/sqlite/log/tail.ts'
import { Misuse } from './misuse.ts'

/** How often the file is looked at, in milliseconds. */
const WATCH = 100

export interface ChangesOptions {
  /** Begins after this position. null = after the newest one. */
  readonly since: string | null
  /** Ends after all present changes have been printed. */
  readonly once: boolean
  readonly signal?: AbortSignal
}

/** `restuary changes FILE`: prints the change log of a SQLite file as it grows, one line of JSON per change. */
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
