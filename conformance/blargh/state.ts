import { isKey, relation } from './model.ts'
import { ascending, keyOf, objectOf } from './oracle.ts'
import type { FieldVector, Members, ModelVector, ObjectVector, RelVector, Rows } from './vector.ts'

/** Recorded states as data: what a step would leave behind where Restuary departs from the ancestor. */

type Mutable = Record<string, Record<string, unknown>[]>

/** A dump's rows by internal name; calculated members are left out. */
export function storedOf(model: ModelVector, dump: Rows): Rows {
  return mapRows(model, dump, (object, row) =>
    object.fields
      .filter(field => field.kind !== 'calc' && row[field.ext_name] !== undefined)
      .map(field => [field.name, row[field.ext_name]]),
  )
}

/** Stored rows (members by internal name) as a dump shows them. */
export function dumpOf(model: ModelVector, stored: Rows): Rows {
  return mapRows(model, stored, (object, row) =>
    object.fields
      .filter(field => !field.hidden)
      .map((field): [string, unknown] => [field.ext_name, shown(model, object, row, field)])
      .filter(([, value]) => value !== undefined && value !== null),
  )
}

function shown(model: ModelVector, object: ObjectVector, row: Members, field: FieldVector): unknown {
  if (field.kind !== 'calc') return row[field.name]
  const getter = field.getter === null ? undefined : model.functions[field.getter]
  return getter?.run({ object: object.name, id: row[object.pkey], get: name => row[name] }, null)
}

function mapRows(
  model: ModelVector,
  rows: Rows,
  members: (object: ObjectVector, row: Members) => [string, unknown][],
): Rows {
  return Object.fromEntries(
    model.objects.map(object => [
      object.name,
      (rows[object.name] ?? []).map(row => Object.fromEntries(members(object, row))),
    ]),
  )
}

/** The state without ids of one-way relations whose row is gone. */
export function withoutDangling(model: ModelVector, state: Rows): Rows {
  const out = copy(state)
  for (const { object, field } of relations(model)) {
    if (field.other !== null) continue
    for (const row of out[object.name] ?? []) {
      const value = row[field.ext_name]
      if (Array.isArray(value)) row[field.ext_name] = value.filter(id => has(model, out, field.stores, id))
      else if (value !== undefined && !has(model, out, field.stores, value)) delete row[field.ext_name]
    }
  }
  return out
}

/** The state after deleting a row, cascading only through relations that are stored on the dependent row. */
export function afterDelete(model: ModelVector, state: Rows, name: string, id: unknown): Rows {
  const out = copy(state)
  const remove = (object: string, gone: unknown): void => {
    const key = keyName(model, object)
    out[object] = (out[object] ?? []).filter(row => row[key] !== gone)
    for (const { object: from, field } of relations(model)) {
      if (field.stores !== object || !isKey(model, from, field)) continue
      for (const row of out[from.name] ?? []) {
        if (row[field.ext_name] !== gone) continue
        delete row[field.ext_name]
        if (field.cascade) remove(from.name, row[keyName(model, from.name)])
      }
    }
  }
  remove(name, id)
  return derive(model, out)
}

/**
 * The state after a PUT that deletes nothing: the recorded one with the rows that the ancestor deleted along the way,
 * which no longer point to the replaced row, and with what pointed to them.
 */
export function afterReplace(model: ModelVector, before: Rows, recorded: Rows, name: string, id: unknown): Rows {
  const out = copy(recorded)
  const kept = new Set<string>()
  for (const object of model.objects) {
    const key = keyOf(object)
    const there = new Set((recorded[object.name] ?? []).map(row => row[key]))
    for (const row of before[object.name] ?? []) {
      if (there.has(row[key])) continue
      kept.add(`${object.name} ${String(row[key])}`)
      out[object.name] = [...(out[object.name] ?? []), { ...row }]
    }
  }
  for (const { object, field } of relations(model)) {
    if (!isKey(model, object, field)) continue
    const key = keyOf(object)
    const was = new Map((before[object.name] ?? []).map(row => [row[key], row[field.ext_name]]))
    for (const row of out[object.name] ?? []) {
      const target = was.get(row[key])
      const isKept = kept.has(`${object.name} ${String(row[key])}`)
      if (isKept && field.stores === name && target === id) delete row[field.ext_name]
      const isReplaced = object.name === name && row[key] === id
      if (!isKept && !isReplaced && kept.has(`${field.stores} ${String(target)}`)) row[field.ext_name] = target
    }
  }
  return derive(model, out)
}

/** Recomputes the sides of relations that are not stored and what is calculated; puts members and rows in order. */
function derive(model: ModelVector, state: Rows): Rows {
  const linked = mapRows(model, state, (object, row) =>
    object.fields.map(field => {
      const back = field.kind === 'rel' && field.other !== null && !isKey(model, object, field)
      return [field.ext_name, back ? pointing(model, state, field, row[keyOf(object)]) : row[field.ext_name]]
    }),
  )
  const dump = dumpOf(model, storedOf(model, linked))
  return Object.fromEntries(
    model.objects.map(object => {
      const key = keyOf(object)
      return [object.name, (dump[object.name] ?? []).toSorted((a, b) => ascending(a[key], b[key]))]
    }),
  )
}

function pointing(model: ModelVector, state: Rows, field: RelVector, id: unknown): unknown {
  const via = relation(model, field.stores, field.other ?? '')
  const key = keyName(model, field.stores)
  const found = (state[field.stores] ?? []).filter(row => row[via.ext_name] === id).map(row => row[key])
  return field.multi ? found.toSorted(ascending) : found[0]
}

function relations(model: ModelVector): { object: ObjectVector; field: RelVector }[] {
  return model.objects.flatMap(object => object.fields.filter(f => f.kind === 'rel').map(field => ({ object, field })))
}

function has(model: ModelVector, state: Rows, name: string, id: unknown): boolean {
  const key = keyName(model, name)
  return (state[name] ?? []).some(row => row[key] === id)
}

function keyName(model: ModelVector, name: string): string {
  const object = objectOf(model, name)
  if (!object) throw new Error(`the model has no object ${name}`)
  return keyOf(object)
}

function copy(state: Rows): Mutable {
  return Object.fromEntries(Object.entries(state).map(([name, rows]) => [name, rows.map(row => ({ ...row }))]))
}
