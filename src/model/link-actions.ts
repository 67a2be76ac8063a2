import type { ScalarType } from '../schema/scalar-type.ts'
import { compileSchema, compileTextSchema, type SchemaOptions } from '../schema/compile-schema.ts'
import type { Schema } from '../schema/schema.ts'
import { marks, parseDocs, type Meta } from '../schema/text/docs.ts'
import { SchemaError } from '../schema/text/schema-error.ts'
import { compileShared, type Shared } from '../schema/text/text.ts'
import type { Validators } from '../schema/text/validator.ts'
import { readActionName } from './action-name.ts'
import type { ActionDef, ResourceDef } from './declaration.ts'
import type { Note } from './faults.ts'
import type { Draft } from './link-fields.ts'
import type { Action, Resource } from './model.ts'

/** What the API as a whole says about its schema texts. */
export interface ApiDocs {
  readonly docs: Meta
  readonly shared: Readonly<Record<string, unknown>>
  readonly validators: Validators
}

/** Reads the documentation text of the API: prose, shared schemas, errors (spec: restaction §2.1, §2.2). */
export function readApiDocs(text: string | null, validators: Validators, note: Note): ApiDocs {
  const docs = read(text, 'api', '', note)
  const shared = sharedIn(docs)
  compiled(shared, validators, '$shared', note)
  return { docs, shared, validators }
}

/** Gives a linked resource its actions, with their schemas compiled; faults are noted at `Hello.get.$input.name`. */
export function linkActions(
  resource: Draft<Resource>,
  def: ResourceDef,
  api: ApiDocs,
  idTypeOf: (name: string) => ScalarType | null,
  note: Note,
): void {
  const place = def.standalone ?? resource.name
  const meta = read(def.docs ?? null, 'resource', place, note)
  resource.meta = Object.freeze(meta)
  const own = sharedIn(meta)
  // Faults are told where they were written: the API's own are known already.
  const shared = compiled({ ...api.shared, ...own }, api.validators, `${place}.$shared`, note)
  const actions = new Map<string, Action>()
  for (const [key, action] of Object.entries(def.actions ?? {})) {
    const options: SchemaOptions = {
      place: `${place}.${key}`,
      shared,
      validators: api.validators,
      idTypeOf,
      note,
    }
    const linked = linkAction(resource, key, action, def.standalone !== undefined, options)
    actions.set(linked.name, linked)
  }
  resource.actions = actions
}

function linkAction(
  resource: Resource,
  key: string,
  def: ActionDef,
  standalone: boolean,
  options: SchemaOptions,
): Action {
  const { place, note } = options
  const docs = read(def.docs ?? null, 'action', place, note)
  const input = schemaOf('$input', def.input, docs, options)
  const output = schemaOf('$output', def.output, docs, options)
  const name = def.name ?? key
  const rule = readActionName(name)
  const errors = { ...(isMap(docs['$error']) ? docs['$error'] : {}), ...def.errors }
  return Object.freeze<Action>({
    name,
    resource,
    on: def.on ?? 'list',
    method: def.method ?? rule?.method ?? 'POST',
    // A job of this name takes the place of the resource's own operation.
    path: def.job && name === 'create' ? '' : (rule?.path ?? name),
    input,
    output,
    docs: Object.freeze(docs),
    errors: Object.freeze(errors),
    lenient: input ? input.kind === 'text' : standalone && def.strict !== true,
    transaction: def.transaction ?? false,
    job: def.job ?? null,
    run: def.run as Action['run'],
  })
}

function schemaOf(mark: '$input' | '$output', declared: unknown, docs: Meta, options: SchemaOptions): Schema | null {
  const at = { ...options, place: `${options.place}.${mark}` }
  if (!Object.hasOwn(docs, mark)) return declared === undefined ? null : compileSchema(declared, at)
  if (declared !== undefined) options.note(at.place, 'is there both in the text and beside it', 'keep one of the two')
  return compileTextSchema(docs[mark], at)
}

function read(text: string | null, kind: keyof typeof marks, place: string, note: Note): Meta {
  try {
    return parseDocs(text, marks[kind])
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    for (const { message, fix } of error.faults) note(place === '' ? 'docs' : place, message, fix)
    return {}
  }
}

function sharedIn(docs: Meta): Readonly<Record<string, unknown>> {
  const shared = docs['$shared']
  return isMap(shared) ? shared : {}
}

function compiled(
  shared: Readonly<Record<string, unknown>>,
  validators: Validators,
  place: string,
  note: Note,
): Shared {
  try {
    return compileShared(shared, { validators, place })
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    for (const { message, position, fix } of error.faults) note(position, message, fix)
    return compileShared({})
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
