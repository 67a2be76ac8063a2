// Faults planted into the client as it is loaded: the random programs must find each of them.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A piece of source that is replaced as it is loaded; nothing is written anywhere. */
export interface Planted {
  /** Below src/client. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The transport that shows it. */
  readonly only: string
}

export const planted: Readonly<Record<string, Planted>> = {
  'a write that is sent again has another key': {
    file: 'socket/connection.ts',
    find: 'return pace.send(text)',
    replace: "return pace.send(textOf(id, 'key' in words ? { ...words, key: crypto.randomUUID() } : words))",
    only: 'restuary.1',
  },
  'a commit is left out': {
    file: 'live/live-query.ts',
    find: "if (op === 'commit') rows.commit(frame)",
    replace: "if (op === 'commit') Math.random() < 0.98 && rows.commit(frame)",
    only: 'restuary.1',
  },
  'rows that leave are kept': {
    file: 'live/rows.ts',
    find: 'put(former, row, list)',
    replace: 'if (row) put(former, row, list)',
    only: 'restuary.1',
  },
  'subscriptions resume from what they were told last, and forget what they missed': {
    file: 'socket/connection.ts',
    find: 'since: follower.position ?? undefined',
    replace: 'since: follower.position?.replace(/[0-9]+$/, seq => String(Number(seq) + 3))',
    only: 'restuary.1',
  },
  'writes are not sent again': {
    file: 'socket/connection.ts',
    find: 'if (!follower) ask(id)',
    replace: '{}',
    only: 'restuary.1',
  },
  'only the first subscription is begun again': {
    file: 'socket/connection.ts',
    find: 'for (const [id, { follower }] of asked) if (follower) ask(id)',
    replace: 'for (const [id, { follower }] of [...asked].slice(0, 1)) if (follower) ask(id)',
    only: 'restuary.1',
  },
  'own writes are forgotten with their answer, before the stream tells of them': {
    file: 'live/live-query.ts',
    find: 'if (answered && !wasTold && !isReached && !overlay.isTold(rows, answered))',
    replace: 'if (answered === undefined)',
    only: 'Server-Sent Events',
  },
  'own writes are shown after the stream has told of them': {
    file: 'live/live-query.ts',
    find: 'for (const key of by as string[]) told.add(key)',
    replace: '',
    only: 'Server-Sent Events',
  },
  'tokens are not renewed': {
    file: 'session.ts',
    find: 'if (problem.status !== 401) throw problem',
    replace: 'throw problem',
    only: 'Server-Sent Events',
  },
}

const run = promisify(execFile)

/** Runs programs over a client with a fault until one shows it. Returns what it shows, or null. */
export async function hunt(name: string, count: number = 80): Promise<string | null> {
  const file = join(import.meta.dirname, 'hunt.ts')
  const { stdout } = await run(process.execPath, [file, JSON.stringify(planted[name]), String(count)])
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as string | null
}
