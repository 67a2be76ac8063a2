import { rewrite } from '../../src/testing/fill.ts'
import { identityOf, type Bench } from './bench.ts'
import { meant, type Meaning } from './prose.ts'
import type { Expected } from './vector.ts'

type Deed = (bench: Bench) => Promise<unknown>

const idOf = (bench: Bench, user: string): number => bench.users[user] ?? Number(user)

/** What others do while a client follows, in prose, one deed after the other. */
const deeds: readonly Meaning<Deed>[] = [
  [
    /^\w+ sets (todo|user)(?: (\d+))?\.(\w+) (?:\S+→)?(\S+)$/,
    (name, id = '1', field, value) =>
      ({ app }) =>
        app.safe.patch(name, Number(id), { [field]: valueOf(value) }),
  ],
  [
    /^(?:\w+ )?edits (?:its )?title to (\S+)$/,
    title =>
      ({ app }) =>
        app.safe.patch('todo', 1, { title }),
  ],
  [
    /^(\w+) (?:edits|patches|changes) todo (\d+)$/,
    (_, id) =>
      ({ app }) =>
        app.safe.patch('todo', Number(id), { title: 'CANARY' }),
  ],
  [
    /^(\w+) creates (?:a )?todos?$/,
    user => bench => bench.app.safe.post('todo', { title: 'CANARY', owner: idOf(bench, user) }),
  ],
  [
    /^\w+ deletes todo (\d+)$/,
    id =>
      ({ app }) =>
        app.safe.delete('todo', Number(id)),
  ],
  [/^root demotes (\w+)$/, user => bench => rewrite(bench.app, 'user', idOf(bench, user), 'role', 'user')],
  [/^root promotes (\w+)$/, user => bench => rewrite(bench.app, 'user', idOf(bench, user), 'role', 'admin')],
  [
    /^user (\d+) email changes$/,
    id =>
      ({ app }) =>
        app.safe.patch('user', Number(id), { email: 'canary@x.io' }),
  ],
  [
    /^root deletes user (\w+)$/,
    user => async bench => {
      const owner = idOf(bench, user)
      for (const { id } of (await bench.app.list('todo', { filter: { owner } } as never)) as readonly { id: number }[])
        await bench.app.safe.delete('todo', id)
      await bench.app.safe.delete('user', owner)
    },
  ],
  [
    /^(\w+) changes (?:the |her |his |its |their )?password$/,
    user => bench => bench.app.safe.patch('user', idOf(bench, user), { password: 'correct horse battery 77' }),
  ],
  [
    /^(\w+) logs out$/,
    () => async bench => {
      const token = identityOf(bench)['authorization']?.replace('Bearer ', '') ?? ''
      const auth = bench.app.engine.auth!
      await auth.end(await auth.authenticateToken(token))
    },
  ],
]

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The deeds of a sentence, in order. */
export function deedsIn(prose: string): Deed[] {
  return prose.split(/; ?(?:then )?|,? then /).map(deed => meant(deeds, deed.trim()))
}

/** What others do later, where an invariant says that it is not heard of. */
export function impliedDeeds({ invariant = '' }: Expected): string | null {
  return /later (?:writes|events?)/.test(invariant) ? 'bob edits todo 2; bob creates todo' : null
}
