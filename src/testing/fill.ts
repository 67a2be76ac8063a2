import { getOrThrow } from '../protocol/get-or-throw.ts'
import type { Engine } from '../engine/engine.ts'
import { SEQ, type Id, type Row, type StoredField } from '../model/model.ts'
import { Refused } from '../schema/read/refused.ts'
import type { Value } from '../schema/field.ts'
import type { Store } from '../store/store.ts'
import { wait } from '../store/work.ts'

/** Rows as plain objects, relations as ids. */
export type Objects = readonly Readonly<Record<string, Value>>[]

/** Puts rows into empty tables as they are, read-only fields included, parents first. */
export async function fillStore(
  app: { readonly engine: Engine; readonly store: Store },
  rows: Readonly<Record<string, Objects>>,
): Promise<void> {
  for (const [name, objects] of Object.entries(rows)) {
    const resource = getOrThrow(app.engine.model.resources, name)
    const row = (object: Readonly<Record<string, Value>>): Row => {
      const made: Row = [0, 0, 0]
      for (const field of resource.columns) {
        const value = object[field.name] ?? null
        const canonical = value === null ? null : field.type.check(value)
        if (canonical instanceof Refused) throw new Error(`${name}.${field.name}: ${canonical.detail}`)
        made[field.slot] = canonical
      }
      return made
    }
    await app.store.load(resource, objects.map(row))
  }
}

/** Writes one field past the API, hidden and read-only ones too; the seq of the change. */
export async function rewrite(
  app: { readonly engine: Engine; readonly store: Store },
  name: string,
  id: Id,
  field: string,
  value: Value,
): Promise<number> {
  const resource = getOrThrow(app.engine.model.resources, name)
  const { slot } = resource.field.get(field) as StoredField
  return app.store.write(function* (tx) {
    const before = (yield* wait(tx.get(resource, id)))!
    const after = before.with(slot, value)
    yield* wait(tx.apply([{ resource, op: 'patch', id, before, after, changed: [slot], lists: [] }], []))
    return after[SEQ] as number
  })
}
