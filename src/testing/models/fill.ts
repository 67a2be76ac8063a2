import type { Engine } from '../../engine/engine.ts'
import type { Row } from '../../model/model.ts'
import { coerce, Refused } from '../../schema/coerce.ts'
import type { Value } from '../../schema/field.ts'
import type { Store } from '../../store/store.ts'

/** Rows as plain objects, relations as ids. */
export type Objects = readonly Readonly<Record<string, Value>>[]

/** Puts rows into empty tables as they are, read-only fields included, parents first. */
export async function fill(
  app: { readonly engine: Engine; readonly store: Store },
  rows: Readonly<Record<string, Objects>>,
): Promise<void> {
  for (const [name, objects] of Object.entries(rows)) {
    const resource = app.engine.model.resources.get(name)!
    const row = (object: Readonly<Record<string, Value>>): Row => {
      const made: Row = [0, 0, 0]
      for (const field of resource.columns) {
        const value = object[field.name] ?? null
        const canonical = value === null ? null : coerce('json', field.type, value)
        if (canonical instanceof Refused) throw new Error(`${name}.${field.name}: ${canonical.detail}`)
        made[field.slot] = canonical
      }
      return made
    }
    await app.store.load(resource, objects.map(row))
  }
}
