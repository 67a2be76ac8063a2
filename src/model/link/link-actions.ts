import { compileSchema, type SchemaOptions } from '../../schema/standard/compile-schema.ts'
import type { ActionDocs, NotationScope } from '../../schema/notation.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import type { Schema } from '../../schema/schema.ts'
import { readActionName } from './action-name.ts'
import type { ActionDef, ResourceDef } from '../declare/declaration.ts'
import type { Note } from './faults.ts'
import type { Draft } from './link-fields.ts'
import type { Action, Resource } from '../model.ts'

/** What all actions of an API are linked with. */
export interface ActionLinking {
  readonly api: NotationScope
  /** The type of a resource's ids; null if there is no such resource. */
  readonly idTypeOf: (name: string) => ScalarType | null
  readonly note: Note
}

/** Gives a linked resource its actions with compiled schemas. Faults are noted at places like `Hello.get.input.name`. */
export function linkActions(resource: Draft<Resource>, def: ResourceDef, linking: ActionLinking): void {
  const { api, idTypeOf, note } = linking
  const place = def.standalone ?? resource.name
  const scope = api.resource(def.docs ?? null, place, note)
  resource.docs = scope.docs
  const actions = new Map<string, Action>()
  for (const [key, action] of Object.entries(def.actions ?? {})) {
    const standalone = def.standalone !== undefined
    const linked = linkAction(resource, key, action, { place: `${place}.${key}`, scope, standalone, idTypeOf, note })
    actions.set(linked.name, linked)
  }
  resource.actions = actions
}

interface Options extends SchemaOptions {
  readonly scope: NotationScope
  /** The resource has no rows. */
  readonly standalone: boolean
}

function linkAction(resource: Resource, key: string, def: ActionDef, options: Options): Action {
  const { standalone } = options
  const docs = options.scope.action(def.docs ?? null, options.place, options.note)
  const input = schemaOf('input', def.input, docs, options)
  const output = schemaOf('output', def.output, docs, options)
  const name = def.name ?? key
  const rule = readActionName(name)
  return Object.freeze<Action>({
    name,
    resource,
    on: def.on ?? 'list',
    method: def.method ?? rule?.method ?? 'POST',
    // A job named `create` replaces the resource's own POST.
    path: def.job && name === 'create' ? '' : (rule?.path ?? name),
    input,
    output,
    docs: Object.freeze({ description: docs.description, members: docs.members }),
    errors: Object.freeze({ ...docs.errors, ...def.errors }),
    manner: options.scope.manner({ input, output, standalone, strict: def.strict === true }),
    transaction: def.transaction ?? false,
    job: def.job ?? null,
    run: def.run as Action['run'],
  })
}

/** The schema from the documentation text or from the options. Both at the same time are a fault. */
function schemaOf(side: 'input' | 'output', declared: unknown, docs: ActionDocs, options: Options): Schema | null {
  const place = `${options.place}.${side}`
  const told = docs[side]
  if (!told) return declared === undefined ? null : compileSchema(declared, { ...options, place })
  if (declared !== undefined)
    options.note(place, 'is declared both in the text and in the options', 'keep one of the two')
  return told()
}
