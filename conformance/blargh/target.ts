import { api, type Api } from '../../src/api.ts'
import type { CallOptions } from '../../src/model/rules/call-options.ts'
import type { Id, Model, Resource, Row, Value } from '../../src/model/model.ts'
import type { Store } from '../../src/store/store.ts'
import { wait, type Work } from '../../src/store/work.ts'
import type { Answer } from './judge.ts'
import { translate, type TranslateOptions } from './model.ts'
import { keyOf, objectOf } from './oracle.ts'
import type { StoreKind } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import type { ModelVector, RequestStep, Rows } from './vector.ts'

/** The ids that the next step hands out, by resource, as the recorded state shows them. */
export class Ids {
  #given = new Map<string, number[]>()
  #beyond = 1_000_000

  set(ids: ReadonlyMap<string, readonly number[]>): void {
    this.#given = new Map([...ids].map(([name, list]) => [name, [...list]]))
  }

  /** What a request takes beyond them is not seen in the end: it fails, or deletes again what it made. */
  next(resource: string): number | null {
    const given = this.#given.get(resource)
    return given ? (given.shift() ?? this.#beyond++) : null
  }
}

/** An Api over a store of its own, filled with recorded rows. */
export class Target {
  readonly ids: Ids = new Ids()
  readonly #kind: StoreKind
  readonly #options: TranslateOptions
  /** Whether `ids` decides the ids, or the engine itself. */
  readonly #injected: boolean
  #store: Store
  #api: Api
  #model: ModelVector

  private constructor(kind: StoreKind, model: ModelVector, options: TranslateOptions, injected: boolean) {
    this.#kind = kind
    this.#injected = injected
    this.#options = options
    this.#model = model
    this.#store = freshStore(this.#kind)
    this.#api = this.#freshApi()
  }

  /** Rows by internal name. */
  static async open(
    kind: StoreKind,
    model: ModelVector,
    stored: Rows,
    options: TranslateOptions = {},
    injected = true,
  ): Promise<Target> {
    const target = new Target(kind, model, options, injected)
    await target.#fill(stored)
    return target
  }

  get api(): Api {
    return this.#api
  }

  /** Another model over the same store. */
  async remodel(model: ModelVector): Promise<void> {
    this.#model = model
    this.#api = this.#freshApi()
    await this.#api.ready()
  }

  /** The same model over a new store with these rows. */
  async reload(stored: Rows): Promise<void> {
    await this.#api.close()
    this.#store = freshStore(this.#kind)
    this.#api = this.#freshApi()
    await this.#fill(stored)
  }

  async request(step: RequestStep): Promise<Answer> {
    const { name, id, data, auth, filter, sort, limit, depth } = step.args
    const safe = this.#api.safe
    // Recorded arguments are of any type: what the types of the API exclude has to be refused all the same.
    const asked = given({ filter, sort, limit, depth, auth }) as CallOptions
    switch (step.op) {
      case 'get':
        return safe.get(name, id as Id, asked)
      case 'post':
        return safe.post(name, data, asked)
      case 'put':
        return safe.put(name, id, data, asked)
      case 'patch':
        return safe.patch(name, id, data, asked)
      case 'delete':
        return safe.delete(name, id, asked)
    }
  }

  /** Every object at depth 1, ascending by id. */
  async dump(): Promise<Rows> {
    const out: Record<string, Rows[string]> = {}
    for (const object of this.#model.objects) {
      const { status, body } = await this.#api.safe.list(object.name, { sort: keyOf(object) })
      if (status !== 200) throw new Error(`cannot list ${object.name}: ${JSON.stringify(body)}`)
      out[object.name] = body as Rows[string]
    }
    return out
  }

  /** What the tables hold, by column; nulls omitted. */
  async stored(): Promise<Rows> {
    return this.#store.read(snapshot => rowsOf(this.#api.engine.model, snapshot))
  }

  async close(): Promise<void> {
    await this.#api.close()
  }

  async #fill(stored: Rows): Promise<void> {
    await this.#api.ready()
    await fill(this.#store, this.#api.engine.model, this.#model, stored)
  }

  #freshApi(): Api {
    return api(translate(this.#model, this.#options), {
      store: this.#store,
      input: 'cast',
      limits: { depth: 12 },
      http: { prefix: this.#options.prefix ?? '' },
      report: () => undefined,
      ...(this.#injected ? { ids: this.ids } : {}),
    })
  }
}

function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

async function fill(store: Store, model: Model, vector: ModelVector, stored: Rows): Promise<void> {
  for (const resource of targetsFirst(model)) {
    const rows = (stored[resource.name] ?? []).map((members): Row => {
      const values = resource.columns.map(field => (members[field.column] ?? null) as Value)
      return [values[0] ?? null, 0, 0, ...values.slice(1)]
    })
    await store.load(resource, rows)
  }
  for (const resource of model.resources.values()) {
    const object = objectOf(vector, resource.name)
    for (const field of resource.fields) {
      if (field.is !== 'many' || !object) continue
      const column = object.fields.find(f => f.ext_name === field.name)?.name ?? field.name
      const pairs = (stored[resource.name] ?? []).flatMap(members =>
        ((members[column] ?? []) as Id[]).map((other): [Id, Id] => {
          const own = members[object.pkey] as Id
          return field.side === 'a' ? [own, other] : [other, own]
        }),
      )
      await store.loadPairs(field.join, pairs)
    }
  }
}

/** Resources in an order in which every foreign key finds its row; a row of the same resource comes in the same load. */
function targetsFirst(model: Model): Resource[] {
  const order = new Set<Resource>()
  const visit = (resource: Resource, open: readonly Resource[]): void => {
    if (order.has(resource) || open.includes(resource)) return
    for (const field of resource.columns) if (field.is === 'one') visit(field.target, [...open, resource])
    order.add(resource)
  }
  for (const resource of model.resources.values()) visit(resource, [])
  return [...order]
}

function* rowsOf(model: Model, snapshot: Parameters<Parameters<Store['read']>[0]>[0]): Work<Rows> {
  const out: Record<string, Record<string, unknown>[]> = {}
  for (const resource of model.resources.values()) {
    const select = { where: { kind: 'constant', value: true }, sort: [], limit: null, offset: 0, cursor: null } as const
    const rows = yield* wait(snapshot.select(resource, select))
    out[resource.name] = rows.map(row => {
      const members = resource.columns.map(field => [field.column, row[field.slot]] as const)
      return Object.fromEntries(members.filter(([, value]) => value !== null && value !== undefined))
    })
  }
  return out
}
