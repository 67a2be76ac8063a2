// A server that kills itself at one of its commits: right before it, or between it and the answer.
// `node test/fault/mortal-server.ts FILE never|before|after NTH`; it prints its URL.
import { api } from '../../src/api.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import type { Work } from '../../src/store/work.ts'

const [, , file, moment, nth] = process.argv as [string, string, string, 'never' | 'before' | 'after', string]
let writes = 0

function die(at: 'before' | 'after'): void {
  if (at === moment && ++writes === Number(nth)) process.kill(process.pid, 'SIGKILL')
}

function* fatal<T>(work: Work<T>): Work<T> {
  const value = yield* work
  die('before')
  return value
}

const inner = sqlite(file, { synchronous: 'normal' })
const store: Store = {
  name: inner.name,
  terms: inner.terms,
  shared: inner.shared,
  secret: () => inner.secret(),
  open: (model, environment) => inner.open(model, environment),
  read: work => inner.read(work),
  write: async <T>(work: (tx: Transaction) => Work<T>): Promise<T> => {
    const value = await inner.write(tx => fatal(work(tx)))
    die('after')
    return value
  },
  transaction: work => inner.transaction(work),
  onCommit: listener => inner.onCommit(listener),
  commits: (after, limit) => inner.commits(after, limit),
  oldestPosition: () => inner.oldestPosition(),
  history: (resource, id, before, limit) => inner.history(resource, id, before, limit),
  load: (resource, rows) => inner.load(resource, rows),
  loadPairs: (join, pairs) => inner.loadPairs(join, pairs),
  close: () => inner.close(),
}

const note = resource({ id: t.id(), text: t.text() }).public()
const { url } = await serve(api({ note }, { store, limits: { connectionsPerAddress: 5_000 }, report: () => {} }), {
  port: 0,
  report: () => {},
})
console.log(url)
