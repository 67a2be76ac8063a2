import type { AnySchema, GivenOf, ValueOf } from '../../schema/infer.ts'
import type { ActionContext, Returned } from './action-context.ts'
import type { ActionDef, ResourceDef, Verb } from './declaration.ts'
import type { Around, AroundOptions } from './hook.ts'
import type { Declared } from './resource.ts'
import { t } from '../../schema/builder.ts'

/** The argument of an action's `run`. Only actions on a row have `row`: the row as the caller sees it. */
// oxlint-disable-next-line typescript/no-explicit-any -- nothing is known without an input schema, and outside of a resource
export interface ActionCall<I = any, R = any> {
  /** The arguments, as read by the input schema. undefined = the action declares none. */
  readonly input: I
  readonly ctx: ActionContext
  readonly row: R
}

/** The options of an action. */
export interface ActionOptions<I, O, P = 'list' | 'row'> {
  /** What the action is called on: the list (default) or one row. */
  readonly on?: P
  /** The name in rules, on sockets and in documents, and the last segment of the URI. Default: the key in the map of actions. */
  readonly name?: string
  /** The HTTP method. Default: the one with which the name begins (`get_list`), else POST. */
  readonly method?: Verb
  /** The schema of the arguments. Without one the action takes none. */
  readonly input?: I
  /** The schema of the result. An answer that does not fit it is a fault of the server. */
  readonly output?: O
  /** The errors that the action answers with: `{ '409.Closed': 'the order is closed already' }`. */
  readonly errors?: Readonly<Record<string, string>>
  /** Text for documents. It may contain schemas in the API's notation. */
  readonly docs?: string
  /**
   * Whether the action is one transaction. Writes through `ctx.db` are kept if it returns, and undone if it throws. Default:
   * false.
   */
  readonly transaction?: boolean
}

/**
 * A declared action. `C` are the types of its arguments and its result, as callers see them, and what it is called on. `R` is the
 * row that it gets.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- maps of actions hold them all
export interface DeclaredAction<C = any, R = any> {
  readonly '~action': ActionDef
  readonly '~call'?: C
  readonly '~row'?: R
}

/** What callers of an action know of it. */
export interface CallOf<I, O, P> {
  readonly input: I
  readonly output: O
  readonly on: P
}

/**
 * The actions of a resource with rows R, by name.
 *
 * @example
 * resource({ id: t.id(), text: t.text() }).actions({ close: action({ on: 'row', run: ({ row }) => row.id }) })
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a resource without rows
export type Actions<R = any> = Readonly<Record<string, DeclaredAction<any, R>>>

/**
 * Declares an action of a resource. `run` returns data, `reply(data, { status, headers })` or a Response, and refuses with
 * `abort(…)`.
 *
 * @example
 * const order = resource({ id: t.id(), closed: t.bool().default(false) }).actions({
 *   close: action({ on: 'row', run: ({ row, ctx }) => ctx.db.patch('order', row.id, { closed: true }) }),
 * }) // POST /order/7/close
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the resource is known only within its `.actions({ … })`
export function action<const I = unknown, const O = unknown, P extends 'list' | 'row' = 'list', R = any>(
  options: ActionOptions<I & AnySchemaOr<I>, O & AnySchemaOr<O>, P> & {
    readonly run: (call: ActionCall<ValueOf<I>, R>) => Returned
  },
): DeclaredAction<CallOf<GivenOf<I>, ValueOf<O>, NoInfer<P>>, R> {
  return Object.freeze({ '~action': Object.freeze({ ...options, strict: true } as ActionDef) })
}

type AnySchemaOr<S> = unknown extends S ? unknown : AnySchema

/**
 * Declares an action of a resource without rows. Its arguments and its result may be described in the documentation text, or in
 * options.
 *
 * @example
 * act('Greet.\n\n$input:\n    name?str: Your name', ({ input }) => `Hello ${input.name ?? 'world'}`)
 */
export function act(docs: string | null, run: (call: ActionCall) => Returned): DeclaredAction<CallOf<any, any, 'list'>> // oxlint-disable-line typescript/no-explicit-any -- the text describes them
export function act<const I = unknown, const O = unknown>(
  options: Omit<ActionOptions<I & AnySchemaOr<I>, O & AnySchemaOr<O>>, 'on' | 'name' | 'method'>,
  run: (call: ActionCall<ValueOf<I>>) => Returned,
): DeclaredAction<CallOf<GivenOf<I>, ValueOf<O>, 'list'>>
export function act(
  told: string | null | ActionOptions<unknown, unknown>,
  run: (call: ActionCall) => Returned,
): DeclaredAction {
  const options = typeof told === 'string' ? { docs: told } : (told ?? {})
  return Object.freeze({ '~action': Object.freeze<ActionDef>({ ...options, run }) })
}

/** A resource that has actions and no rows. */
export interface Standalone<A> extends Pick<Declared<{}, {}, A>, '~resource' | '~type'> {
  rules: (rules: Parameters<Declared<{}, {}, A>['rules']>[0]) => Standalone<A>
  /** Runs a hook around an action. See {@link Around}. */
  around(action: keyof A & string, hook: Around, options?: AroundOptions): Standalone<A>
  /** Opens the actions to everyone, on purpose. */
  public(): Standalone<A>
}

/**
 * Declares a resource that has actions and no rows. Its path is its name in small letters. The key of an action is its HTTP
 * method, or the method, `_` and the last segment of the URI: `get` is `GET /hello`, `post_user_login` is `POST
 * /hello/user_login`.
 *
 * @example
 * api({ hello: actions('Hello', 'Greets.', { get: act('Greet.', () => 'Hello') }) })
 */
export function actions<const A extends Actions>(name: string, docs: string | null, map: A): Standalone<A> {
  return standalone<A>({
    fields: Object.freeze({ id: t.id()['~def'] }),
    path: `/${name.toLowerCase()}`,
    ...(docs === null ? {} : { docs }),
    actions: actionDefs(map),
    standalone: name,
    checks: [],
    unique: [],
    index: [],
  })
}

function standalone<A>(def: ResourceDef): Standalone<A> {
  return Object.freeze({
    '~resource': Object.freeze(def),
    rules: (rules: ResourceDef['rules']) => standalone<A>({ ...def, rules: rules! }),
    around: (operation: string, hook: Around, options: AroundOptions = {}) =>
      standalone<A>({
        ...def,
        around: Object.freeze([...(def.around ?? []), Object.freeze({ ...options, operation, hook })]),
      }),
    public: () => standalone<A>({ ...def, public: true }),
  }) as unknown as Standalone<A>
}

/** The definitions behind declared actions, by key. The wrapper only carries their types. */
export function actionDefs(map: Actions): Readonly<Record<string, ActionDef>> {
  return Object.freeze(Object.fromEntries(Object.entries(map).map(([name, one]) => [name, one['~action']])))
}
