import { createHash } from 'node:crypto'
import type { Api } from '../../src/api.ts'
import { everything } from '../../src/query/predicate.ts'
import { wait } from '../../src/store/work.ts'
import type { LogRecord } from '../../src/transport/http/options.ts'
import type { Closing } from '../each.ts'
import type { StoreKind } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import { Wire } from '../server/wire.ts'
import { Bystander } from './bystander.ts'
import { breaksRules, FaultyStore } from './faulty-store.ts'
import { filled, identity } from './request.ts'
import { openTodos, type Filling } from './todos.ts'
import type { BadRequest, Vector } from './vector.ts'

/** What a vector is tried on: a todo list on a port, with somebody else who uses it. */
export interface Bench {
  readonly vector: Vector
  readonly wire: Wire
  readonly app: Api
  readonly filling: Filling
  readonly users: Readonly<Record<string, number>>
  readonly secrets: ReadonlySet<string>
  /** What the server has logged. */
  readonly log: readonly LogRecord[]
  readonly bystander: Bystander | null
  /** Breaks what `x-test-fault` says, if it says something of the store. */
  break(): void
  mend(): void
}

/** Opens a server for one vector. */
export async function openBench(vector: Vector, store: StoreKind, closing: Closing): Promise<Bench> {
  const faulty = new FaultyStore(freshStore(store))
  const word = faultIn(vector.request)
  const broken = breaksRules(word)
  const log: LogRecord[] = []
  const text = JSON.stringify(vector)
  const { app, filling, users, secrets } = await openTodos(faulty.store, text, {
    broken,
    log: one => void log.push(one),
  })
  const wire = await Wire.open()
  closing.defer(() => wire.close())
  await wire.serve(app)
  // Where every rule throws nobody can be served.
  const bystander = broken ? null : await Bystander.join(wire.port, filling('tokenBystander')!)
  closing.defer(() => bystander?.leave())
  return {
    vector,
    wire,
    app,
    filling,
    users,
    secrets,
    log,
    bystander,
    break: () => {
      if (word !== undefined && !broken) faulty.break(word)
    },
    mend: () => faulty.mend(),
  }
}

/** The header fields of whoever the vector speaks as, or somebody else. */
export function identityOf(
  { vector, filling }: Bench,
  as: string | undefined = vector.request.as,
): Record<string, string> {
  return identity(as, filling)
}

/** Text with its `{{…}}` filled in. */
export function filledBy({ filling }: Bench, text: string): string {
  return filled(text, filling)
}

function faultIn({ headers = {} }: BadRequest): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-test-fault')?.[1]
}

/** Hash of all rows with their versions, and of the head of the change log. */
export async function fingerprint(app: Api): Promise<string> {
  const hash = createHash('sha256')
  await app.store.read(function* (snapshot) {
    hash.update(String(snapshot.position))
    for (const resource of app.model.resources.values()) {
      const all = { where: everything, sort: [], limit: null, offset: 0, cursor: null }
      hash.update(JSON.stringify(yield* wait(snapshot.select(resource, all))))
    }
  })
  return hash.digest('hex')
}
