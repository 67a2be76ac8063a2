import { t } from '../../schema/builder.ts'
import type { Builders } from '../../schema/builders.ts'
import type { RowCheck } from '../../schema/field.ts'
import type { DeclarationContext, Fields } from '../../schema/types.ts'
import { actionDefs, type Actions } from './action.ts'
import type { ResourceDef } from './declaration.ts'
import { extended, type Extension } from './extension.ts'
import type { EphemeralSettings } from './ephemeral.ts'
import type { Around, AroundOf, AroundOptions, OnCommit } from './hook.ts'
import type { RowOfFields, Without } from './types.ts'
import type { MeOf, StoredRow } from '../rules/own-row.ts'
import type { Permission } from '../rules/permission.ts'
import type { RuleFunction } from '../rules/rule.ts'
import type { KnownRules, Masked, MeExpression, RowExpression, Rules } from '../rules/rule-types.ts'

/**
 * A declared resource. F are its fields, U the fields of the user resource, A its actions and L the members of its login. It
 * never changes: each method returns a new one.
 */
export interface Declared<F extends Fields, U = {}, A = {}, L = never> {
  readonly '~resource': ResourceDef
  readonly '~type': { fields: F; user: U; actions: A; login: L }
  /**
   * Adds a check of whole rows, as they would be stored. It returns true, a sentence about what is wrong, or such sentences by
   * field.
   *
   * @example
   * event.check(row => row.start < row.end || { end: 'must be after the start' })
   */
  check(
    test: (row: StoredRow<F>, ctx: DeclarationContext<MeOf<U>>) => true | string | { readonly [P in keyof F]?: string },
  ): Declared<F, U, A, L>
  /**
   * Declares who may do what, as expressions about the caller and the row. They become part of every query, write and
   * subscription. An operation without a rule is refused. `delete` is as `write` unless it has its own rule.
   *
   * @example
   * todo.rules((me, todo) => ({ read: todo.list.members.has(me), write: todo.owner.is(me) }))
   */
  rules<R extends Rules<F>>(
    rules: (me: MeExpression<U>, row: RowExpression<F>) => R & KnownRules<R, F>,
  ): Declared<Masked<F, R>, U, A, L>
  /**
   * Makes its rows the users, who log in with a unique field and a `t.password()`. From here on `me` has the type of its rows.
   * Serves `/auth/token` (also `/auth/login`), `/auth/refresh`, `/auth/logout` and `/auth/ticket`.
   */
  login<E extends keyof F & string, P extends Secrets<F>>(
    id: E,
    secret: P,
  ): Declared<F, F, A, { readonly [X in E | P]: string }>
  /**
   * Adds permissions, which are checked before anything is looked up. All of them must hold. Without any, those of the API
   * apply.
   */
  permissions(...permissions: Permission[]): Declared<F, U, A, L>
  /** Adds settings for a dialect or another extension. See {@link Extension}. */
  with(extension: Extension): Declared<F, U, A, L>
  /**
   * Opens the resource on purpose. Without this a resource without rules does not start in production. If callers are told
   * apart, everyone may read and follow the rows, and known callers may write them.
   */
  public(): Declared<F, U, A, L>
  /** Declares that no two rows have the same values in all of these fields. */
  unique(...fields: (keyof StoredRow<F> & string)[]): Declared<F, U, A, L>
  /** Adds an index over these fields, in this order. */
  index(...fields: (keyof StoredRow<F> & string)[]): Declared<F, U, A, L>
  /** Its former name in `api({…})`: a database that still has it is renamed, and keeps rows and log. */
  was(...names: string[]): Declared<F, U, A, L>
  /** Text for documents. It may contain `$shared` schema texts for the resource's actions. */
  docs(text: string): Declared<F, U, A, L>
  /** Adds actions on the list or on rows. See {@link action}. */
  actions<const B extends Actions<Readonly<RowOfFields<F>>>>(map: B): Declared<F, U, A & B, L>
  /** Adds a hook around an operation or an action, within its transaction. See {@link Around}. */
  around<const O extends 'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | (keyof A & string)>(
    operation: O,
    hook: AroundOf<Sent<F, A, O>>,
    options?: AroundOptions,
  ): Declared<F, U, A, L>
  /**
   * Calls `handler` after every commit that changed rows of the resource. How far it has come is stored under `name`. See
   * {@link OnCommit}.
   */
  onCommit(name: string, handler: OnCommit<StoredRow<F>>): Declared<F, U, A, L>
}

/**
 * What a hook gets as `input`. The body of a write was not checked yet, so that nothing is known but the names of its members.
 * The arguments of an action were.
 */
type Sent<F extends Fields, A, O> = O extends 'create' | 'replace' | 'patch'
  ? { readonly [P in keyof F as Without<P, F[P]['~type'], 'hidden' | 'readonly'>]?: unknown }
  : O extends 'list' | 'get' | 'delete'
    ? undefined
    : O extends keyof A
      ? A[O] extends { readonly '~call'?: infer C }
        ? NonNullable<C> extends { readonly input: infer I }
          ? I
          : unknown
        : unknown
      : unknown

/** The password fields of a resource. */
type Secrets<F extends Fields> = {
  [P in keyof F & string]: 'secret' extends F[P]['~type']['flags'] ? P : never
}[keyof F & string]

/**
 * The settings of a resource as a whole.
 *
 * @example
 * resource({ id: t.id(), text: t.text() }, { path: '/todos', bulk: true, ifMatch: 'required' })
 */
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

/** Declares resources. */
export interface ResourceBuilder<U = {}> {
  <const F extends Fields>(fields: F, settings?: ResourceSettings): Declared<F, U>
  /**
   * Declares a resource whose rows disappear by themselves: some time after the last write or, with `presence`, together with
   * the connection that wrote them. Its rows are only in memory and not in the change log. Operations, rules and subscriptions
   * work as usual.
   */
  ephemeral<const F extends Fields>(
    fields: F,
    settings: EphemeralSettings & Omit<ResourceSettings, 'table' | 'foreign'>,
  ): Declared<F, U>
  /** The same with a typed `me`: callers are rows of this resource. Its `t` types `me` in defaults and checks of fields. */
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
  { ttl, presence, max, each, ...settings }: EphemeralSettings & ResourceSettings,
): Chain {
  const given = Object.entries({ presence, max, each }).filter(([, value]) => value !== undefined)
  const ephemeral = { ttl, ...Object.fromEntries(given) }
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
    // An empty list means that the permissions of the API apply.
    permissions: (...permissions: Permission[]) =>
      having(permissions.length > 0 ? { permissions: Object.freeze(permissions) } : {}),
    with: (extension: Extension) => having({ extensions: extended(def.extensions, extension) }),
    public: () => having({ public: true }),
    unique: (...fields: string[]) => having({ unique: Object.freeze([...def.unique, Object.freeze(fields)]) }),
    index: (...fields: string[]) => having({ index: Object.freeze([...def.index, Object.freeze(fields)]) }),
    was: (...names: string[]) => having({ was: Object.freeze([...(def.was ?? []), ...names]) }),
    docs: (docs: string) => having({ docs }),
    around: (operation: string, hook: Around, options: AroundOptions = {}) =>
      having({ around: Object.freeze([...(def.around ?? []), Object.freeze({ ...options, operation, hook })]) }),
    onCommit: (name: string, handler: OnCommit) =>
      having({ onCommit: Object.freeze([...(def.onCommit ?? []), Object.freeze({ name, handler })]) }),
    actions: (map: Actions) => having({ actions: Object.freeze({ ...def.actions, ...actionDefs(map) }) }),
  })
}

/**
 * Declares a resource. Nothing is refused here: linking lists all faults of all declarations at once.
 *
 * @example
 * resource({ id: t.id(), title: t.text({ min: 1 }), owner: t.one('user') }, { path: 'lists' })
 */
export const resource: ResourceBuilder = Object.freeze(
  Object.assign((fields: Fields, settings?: ResourceSettings) => declare(fields, settings), {
    ephemeral: declareEphemeral,
    for: () => resource,
    t,
  }),
) as unknown as ResourceBuilder
