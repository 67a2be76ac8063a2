import type { AnySchema, GivenOf, ValueOf } from '../../schema/infer.ts'
import type { ActionContext } from './action-context.ts'
import type { ActionDef, ResourceDef, Verb } from './declaration.ts'
import type { Around, AroundOptions } from './hook.ts'
import type { Declared } from './resource.ts'
import { t } from '../../schema/builder.ts'

/** What `run` gets. `row` is the representation that the caller sees, of actions on a row alone. */
// oxlint-disable-next-line typescript/no-explicit-any -- without an input schema nothing is known of it
export interface ActionCall<I = any> {
  /** The arguments as the input schema gave them; undefined where none was declared. */
  readonly input: I
  readonly ctx: ActionContext
  readonly row: Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- the resource is not known here
}

/** What an action declares. */
export interface ActionOptions<I, O> {
  /** What it is asked of: the resource as a whole (default) or one of its rows. */
  readonly on?: 'list' | 'row'
  /** Its name for rules, sockets and documents, and the end of its URI. Default: the key that it stands under. */
  readonly name?: string
  /** Default: the method that its name begins with (`get_list`), otherwise POST. */
  readonly method?: Verb
  readonly input?: I
  readonly output?: O
  /** Errors that it answers with: `{ '409.Closed': 'the order is closed already' }`. */
  readonly errors?: Readonly<Record<string, string>>
  /** Text for documents; it may hold schemas, in the notation that the API has. */
  readonly docs?: string
  /** Runs as one unit: what `ctx.db` writes is kept if the action answers, and undone if it throws. */
  readonly transaction?: boolean
}

/** An action as declared; `I` and `O` are the types of its arguments and of its answer as callers see them. */
// oxlint-disable-next-line typescript/no-explicit-any -- maps of actions hold them all
export interface DeclaredAction<I = any, O = any> {
  readonly '~action': ActionDef
  readonly '~call'?: { readonly input: I; readonly output: O }
}

/** The actions of a resource by name. */
export type Actions = Readonly<Record<string, DeclaredAction>>

/**
 * Declares an operation of one's own on a resource: `resource(…).actions({ close: action({ on: 'row', run }) })`.
 * It answers with data, with `reply(data, { status, headers })` or a Response, and refuses by `abort(…)`.
 */
export function action<const I = unknown, const O = unknown>(
  options: ActionOptions<I & AnySchemaOr<I>, O & AnySchemaOr<O>> & {
    readonly run: (call: ActionCall<ValueOf<I>>) => unknown
  },
): DeclaredAction<GivenOf<I>, ValueOf<O>> {
  return Object.freeze({ '~action': Object.freeze({ ...options, strict: true } as ActionDef) })
}

type AnySchemaOr<S> = unknown extends S ? unknown : AnySchema

/**
 * Declares an action of a resource that is only actions. Its documentation text may say what it takes and gives:
 * `act('Greet.\n\n$input:\n    name?str: Your name', ({ input }) => …)`; or it is given options.
 */
export function act(docs: string | null, run: (call: ActionCall) => unknown): DeclaredAction
export function act<const I = unknown, const O = unknown>(
  options: Omit<ActionOptions<I & AnySchemaOr<I>, O & AnySchemaOr<O>>, 'on' | 'name' | 'method'>,
  run: (call: ActionCall<ValueOf<I>>) => unknown,
): DeclaredAction<GivenOf<I>, ValueOf<O>>
export function act(
  told: string | null | ActionOptions<unknown, unknown>,
  run: (call: ActionCall) => unknown,
): DeclaredAction {
  const options = typeof told === 'string' ? { docs: told } : (told ?? {})
  return Object.freeze({ '~action': Object.freeze<ActionDef>({ ...options, run }) })
}

/** A resource that is only actions, which have no rows. */
export interface Standalone<A> extends Pick<Declared<{}, {}, A>, '~resource' | '~type'> {
  rules: (rules: Parameters<Declared<{}, {}, A>['rules']>[0]) => Standalone<A>
  /** Runs around an action by its name: see {@link Around}. */
  around(action: keyof A & string, hook: Around, options?: AroundOptions): Standalone<A>
  /** Open to everyone on purpose. */
  public(): Standalone<A>
}

/**
 * Declares a resource that is only actions: `api({ hello: actions('Hello', 'Greets.', { get: act('…', run) }) })`. It is
 * served at its name in small letters; the key of an action is its HTTP method, or that, `_` and the end of its URI:
 * `get` is `GET /hello`, `post_user_login` is `POST /hello/user_login`.
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

export function actionDefs(map: Actions): Readonly<Record<string, ActionDef>> {
  return Object.freeze(Object.fromEntries(Object.entries(map).map(([name, one]) => [name, one['~action']])))
}
