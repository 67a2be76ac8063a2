import type { AnyResource } from '../../src/model/declare/declaration.ts'
import {
  AllowAny,
  IsAuthenticated,
  permissionClasses,
  type PermissionClass,
} from '../../src/dialects/channels/permission.ts'
import { envelope } from '../../src/dialects/channels/settings.ts'
import type { Caller, Permission } from '../../src/model/rules/permission.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { all, always, type Rule } from '../../src/model/rules/rule.ts'
import { t } from '../../src/schema/builder.ts'
import type { Fields } from '../../src/schema/types.ts'
import { knownWords } from '../each.ts'
import { Unknown } from '../result.ts'
import { declareAction } from './actions.ts'
import { words, type PermissionVector, type StreamVector } from './vector.ts'

type Rows = Readonly<Record<string, { is(value: unknown): Rule }>>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The models that the format describes; the key first. */
const models: Readonly<Record<string, { readonly key: string; readonly fields: readonly string[] }>> = {
  question: { key: 'id', fields: ['question_text', 'votes', 'published'] },
  tag: { key: 'slug', fields: ['label'] },
  typed: { key: 'id', fields: ['amount', 'due', 'uid', 'score'] },
  thing: { key: 'pk', fields: ['name', 'counter'] },
}

/** The fields of a stream: those that it shows in its order, then those of its model that it does not. `lookup` is unique. */
function fieldsOf({ model, fields, rejectText, lookupField }: StreamVector): Fields {
  const known = models[model]
  if (!known) throw new Unknown(`model ${model}`)
  const own = declared(model, rejectText ?? null)
  const names = [known.key, ...known.fields]
  const shown = fields ?? names
  const strange = shown.filter(name => !names.includes(name))
  if (strange.length > 0) throw new Unknown(`field ${strange.join(', ')} of ${model}`)
  if (!shown.includes(known.key)) throw new Unknown(`a stream of ${model} without its key`)
  const out: Record<string, unknown> = {}
  for (const name of [...shown, ...names.filter(one => !shown.includes(one))]) {
    const field = own[name]!
    const found = name === lookupField ? field.unique() : field
    out[name] = shown.includes(name) ? found : found.hidden()
  }
  return out as Fields
}

/** Every field as its model has it. */
function declared(model: string, rejectText: string | null): Readonly<Record<string, any>> {
  const rejecting = (field: any): any =>
    rejectText === null ? field : field.check((value: string) => value !== rejectText || 'Text is not allowed.')
  switch (model) {
    case 'question':
      return {
        id: t.id(),
        question_text: rejecting(t.text({ min: 1, max: 20, trim: true })),
        votes: t.integer().default(0),
        published: t.bool().default(false),
      }
    case 'tag':
      return { slug: t.id('text', { client: true }), label: rejecting(t.text({ max: 10, trim: true }).default('')) }
    case 'typed':
      return {
        id: t.id(),
        amount: t.decimal({ digits: 6, places: 2 }),
        due: t.date().nullable(),
        uid: t
          .text()
          .check(value => uuid.test(value) || 'Must be a valid UUID.')
          .nullable(),
        score: t.integer().default(0),
      }
    default:
      return { pk: t.id(), name: rejecting(t.text({ trim: true })), counter: t.integer().default(0) }
  }
}

/** Declares a stream. `log` hears of what permissions were asked. */
export function declareStream(name: string, stream: StreamVector, pageSize: number, log: unknown[]): AnyResource {
  knownWords(`stream ${name} with`, stream, words.stream)
  const fields = fieldsOf(stream)
  const { key } = models[stream.model]!
  if (stream.pkField !== undefined && stream.pkField !== key) throw new Unknown(`pkField ${stream.pkField}`)
  const actions = Object.fromEntries(
    (stream.customActions ?? []).map(vector => [vector.name ?? vector.method, declareAction(vector)]),
  )
  const shown = envelope({
    label: `vec.${stream.model}`,
    stream: name,
    page: pageSize,
    ...(stream.order != null && { sort: [stream.order].flat() }),
    ...(stream.lookupField != null && { lookup: stream.lookupField }),
    ...(stream.base === 'readonly' && { operations: ['retrieve', 'list'] as const }),
  })
  const declared = resource(fields)
    .with(shown)
    .permissions(...permissionsOf(stream.permissions, log))
    .actions(actions)
  const checked = stream.objectRule
    ? declared.check(row => Number((row as Record<string, unknown>)['votes']) >= 0 || 'Votes must not be negative.')
    : declared
  if (!stream.filter) return checked
  // A queryset that is filtered is a rule here.
  const wanted = Object.entries(stream.filter)
  return checked.rules((_, row) => {
    const shown = all(...wanted.map(([field, value]) => (row as Rows)[field]!.is(value)))
    return { read: shown, create: always, write: always, delete: always }
  })
}

/** The permissions of a case. */
export function permissionsOf(vectors: readonly PermissionVector[] | undefined, log: unknown[]): Permission[] {
  const classes = (vectors ?? []).map((vector): PermissionClass => {
    if (typeof vector === 'string') {
      const known = Object.hasOwn(named, vector) ? named[vector] : undefined
      if (!known) throw new Unknown(`permission ${vector}`)
      return known
    }
    knownWords('permission', vector, new Set(['allow', 'allowPairs']))
    const { allow = [], allowPairs = [] } = vector
    return (who: Caller, action: string, pk: unknown) => {
      log.push({ permission: { action, pk: pk ?? null, user: who?.['name'] ?? null } })
      const isPair = allowPairs.some(([one, key]) => one === action && (key ?? null) === (pk ?? null))
      return allow.includes(action) || isPair
    }
  })
  return classes.length === 0 ? [] : [permissionClasses(...classes)]
}

const named: Readonly<Record<string, PermissionClass>> = {
  AllowAny,
  IsAuthenticated,
  BasePermission: () => false,
}
