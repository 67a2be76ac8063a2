import { t } from '../../schema/builder.ts'
import type { Builders } from '../../schema/builders.ts'
import type { RowCheck } from '../../schema/field.ts'
import type { Context, Fields } from '../../schema/types.ts'
import { actionDefs, type Actions } from './action.ts'
import type { ResourceDef } from './declaration.ts'
import { extended, type Extension } from './extension.ts'
import type { EphemeralSettings } from './ephemeral.ts'
import type { Around, AroundOptions, OnCommit } from './hook.ts'
import type { MeOf, Stored } from '../rules/own-row.ts'
import type { Permission } from '../rules/permission.ts'
import type { RuleFunction } from '../rules/rule.ts'
import type { Checked, MeExpression, RowExpression, Rules } from '../rules/rule-types.ts'

/**
 * A declared resource: its fields F, the fields of the user resource U, its actions A and the members of its login L.
 * Immutable; each method makes a new one.
 */
export interface Declared<F extends Fields, U = {}, A = {}, L = never> {
  readonly '~resource': ResourceDef
  readonly '~type': { fields: F; user: U; actions: A; login: L }
  /** Holds whole rows, as they would be stored, to a condition: true, what is wrong, or what is wrong by field. */
  check(
    test: (row: Stored<F>, ctx: Context<MeOf<U>>) => true | string | { readonly [P in keyof F]?: string },
  ): Declared<F, U, A, L>
  /**
   * What is allowed, as expressions over who calls and the row: they are part of every query, write and subscription.
   * An operation without a rule is refused; `delete` is as `write` unless it has its own.
   */
  rules<R extends Rules<F>>(
    rules: (me: MeExpression<U>, row: RowExpression<F>) => R & Checked<R, F>,
  ): Declared<F, U, A, L>
  /**
   * Its rows are who calls: they log in with a unique field and a `t.password()`, and `me` is typed by them from here
   * on. Serves `/auth/token` (also `/auth/login`), `/auth/refresh`, `/auth/logout` and `/auth/ticket`.
   */
  login<E extends keyof F & string, P extends Secrets<F>>(
    id: E,
    secret: P,
  ): Declared<F, F, A, { readonly [X in E | P]: string }>
  /** Who may call what, asked before anything is looked up; all must agree. Without any, those of the API are asked. */
  permissions(...permissions: Permission[]): Declared<F, U, A, L>
  /** Tells a dialect, or others beside the core, something about it: see {@link Extension}. */
  with(extension: Extension): Declared<F, U, A, L>
  /**
   * Open on purpose: a resource without rules does not start in production otherwise. Where callers are told apart,
   * everybody may read and follow it, and whoever is known may write.
   */
  public(): Declared<F, U, A, L>
  /** No two rows agree in all of these fields. */
  unique(...fields: (keyof Stored<F> & string)[]): Declared<F, U, A, L>
  /** An index over these fields, in this order. */
  index(...fields: (keyof Stored<F> & string)[]): Declared<F, U, A, L>
  /** Text for the documentation; it may hold `$shared` schema texts for the actions of the resource. */
  docs(text: string): Declared<F, U, A, L>
  /** Operations of one's own on the resource or its rows: see {@link action}. */
  actions<const B extends Actions>(map: B): Declared<F, U, A & B, L>
  /** Runs around an operation, or an action by its name, within its transaction: see {@link Around}. */
  around(
    operation: 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | (keyof A & string),
    hook: Around,
    options?: AroundOptions,
  ): Declared<F, U, A, L>
  /** Hears of every commit that changed rows of the resource, under a name of its own: see {@link OnCommit}. */
  onCommit(name: string, handler: OnCommit): Declared<F, U, A, L>
}

/** The password fields of a resource. */
type Secrets<F extends Fields> = {
  [P in keyof F & string]: 'secret' extends F[P]['~type']['flags'] ? P : never
}[keyof F & string]

/** What may be said of a resource as a whole. */
export type ResourceSettings = Pick<
  ResourceDef,
  | 'path'
  | 'title'
  | 'table'
  | 'limits'
  | 'ifMatch'
  | 'idempotency'
  | 'bulk'
  | 'rateLimit'
  | 'deprecation'
  | 'cache'
  | 'readOnly'
  | 'foreign'
>

export interface ResourceBuilder<U = {}> {
  <const F extends Fields>(fields: F, settings?: ResourceSettings): Declared<F, U>
  /**
   * The same with rows that vanish: after a time without a write or, where it says `presence`, with the connection that
   * wrote them. They are in memory only and outside the log; all operations, rules and subscriptions are the same.
   */
  ephemeral<const F extends Fields>(
    fields: F,
    settings: EphemeralSettings & Omit<ResourceSettings, 'table' | 'foreign'>,
  ): Declared<F, U>
  /** The same with `me` typed: rows of this resource are who calls. Its `t` types `me` in defaults and checks of fields. */
  for<G extends Fields>(user: { readonly '~type': { fields: G } }): ResourceBuilder<G>
  readonly t: Builders<MeOf<U>>
}

const none: readonly never[] = Object.freeze([])

function declare(fields: Fields, settings: ResourceSettings = {}, ephemeral?: EphemeralSettings): Chain {
  const defs = Object.entries(fields).map(([name, field]) => [name, field['~def']] as const)
  return declared({
    ...structuredClone(settings),
    ...(ephemeral && { ephemeral }),
    fields: Object.freeze(Object.fromEntries(defs)),
    checks: none,
    unique: none,
    index: none,
  })
}

function declareEphemeral(
  fields: Fields,
  { ttl, presence, max, ...settings }: EphemeralSettings & ResourceSettings,
): Chain {
  const ephemeral = { ttl, ...(presence !== undefined && { presence }), ...(max !== undefined && { max }) }
  return declare(fields, settings, Object.freeze(ephemeral))
}

type Chain = { readonly [P in keyof Declared<Fields> as Exclude<P, '~type'>]: unknown }

function declared(def: ResourceDef): Chain {
  const having = (more: Partial<ResourceDef>): Chain => declared({ ...def, ...more })
  return Object.freeze<Chain>({
    '~resource': Object.freeze(def),
    check: (test: RowCheck) => having({ checks: Object.freeze([...def.checks, test]) }),
    rules: (rules: RuleFunction) => having({ rules }),
    login: (id: string, secret: string) => having({ login: Object.freeze({ id, secret }) }),
    // None at all means those of the API.
    permissions: (...permissions: Permission[]) =>
      having(permissions.length > 0 ? { permissions: Object.freeze(permissions) } : {}),
    with: (extension: Extension) => having({ extensions: extended(def.extensions, extension) }),
    public: () => having({ public: true }),
    unique: (...fields: string[]) => having({ unique: Object.freeze([...def.unique, Object.freeze(fields)]) }),
    index: (...fields: string[]) => having({ index: Object.freeze([...def.index, Object.freeze(fields)]) }),
    docs: (docs: string) => having({ docs }),
    around: (operation: string, hook: Around, options: AroundOptions = {}) =>
      having({ around: Object.freeze([...(def.around ?? []), Object.freeze({ ...options, operation, hook })]) }),
    onCommit: (name: string, handler: OnCommit) =>
      having({ onCommit: Object.freeze([...(def.onCommit ?? []), Object.freeze({ name, handler })]) }),
    actions: (map: Actions) => having({ actions: Object.freeze({ ...def.actions, ...actionDefs(map) }) }),
  })
}

/**
 * Declares a resource. Nothing is refused here: linking lists every fault of a declaration at once.
 *
 * @example resource({ id: t.id(), title: t.text({ min: 1 }), owner: t.one('user') }, { path: 'lists' })
 */
export const resource: ResourceBuilder = Object.freeze(
  Object.assign((fields: Fields, settings?: ResourceSettings) => declare(fields, settings), {
    ephemeral: declareEphemeral,
    for: () => resource,
    t,
  }),
) as unknown as ResourceBuilder
