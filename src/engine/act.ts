// How a face calls an action: find it by its name, `engine.model.resources.get(name)?.actions.get(action)` (or
// `model.standalone` for resources that are only actions; `findAction` does both), and hand
// `actionCall({ resource, action, id, input, principal, credentials })` of database.ts to `engine.handle`. The answer is an
// Outcome of kind `value` (`status`, `headers`, `value`, and `body`: its JSON text) or a `failure`, as for any operation.
import { ApiError, pointer, type Issue } from '../protocol/error.ts'
import type { Action, Resource } from '../model/model.ts'
import type { Checked } from '../schema/schema.ts'
import type { Snapshot, Transaction } from '../store/store.ts'
import { run, wait, type Maybe, type Work } from '../store/work.ts'
import type { Answered, Arguments, Call, HeaderLines } from './call.ts'
import type { Context } from './context.ts'
import { ruleOf } from './authorize.ts'
import { surround } from './surround.ts'
import { allowedRows } from './permissions.ts'
import { plainJson } from './plain-json.ts'
import { isReply, type ReplyHeaders } from './reply.ts'
import { missing, showItem, visibleRow, type Reading } from './read.ts'
import { itemTag } from './version.ts'
import { viewOf } from './view.ts'

/** Reads with what a transaction has written, or what is committed. */
export type ReadWork = <T>(work: (snapshot: Snapshot) => Work<T>) => Maybe<T>

/** Runs an action that its caller may call: row → arguments → the function → its answer, shaped. Throws ApiError. */
export function act(
  call: Call,
  reading: Reading,
  context: Context,
  read: ReadWork,
  begin: (work: (tx: Transaction) => Promise<Answered>) => Promise<Answered>,
): Maybe<Answered> {
  const action = call.action!
  if (!action.transaction) return run(perform(call, action, reading, context, read))
  return begin(tx =>
    context.within(tx, async () =>
      run(perform(call, action, reading, context, <T>(work: (snapshot: Snapshot) => Work<T>) => run(work(tx)))),
    ),
  )
}

function* perform(call: Call, action: Action, reading: Reading, context: Context, read: ReadWork): Work<Answered> {
  const row = action.on === 'row' ? yield* wait(read(snapshot => rowOf(snapshot, call, action, reading))) : noRow
  const given = call.arguments ? yield* wait(call.arguments()) : { value: call.input, mode: call.mode }
  const input = yield* argumentsOf(action, given, reading)
  if (given.files) context.attach(given.files)
  const work = function* (given: unknown): Work<unknown> {
    const begun = action.job ? context.begin(action, given, row) : action.run({ input: given, ctx: context, row })
    return yield* wait(begun)
  }
  const hooks = call.resource.around.get(action.name)
  const about = { operation: action.name, id: call.id, ctx: context }
  const answer = yield* hooks ? surround(hooks, about, input, true, work) : work(input)
  // What a job answers is shaped when it is done.
  return yield* answered(call.resource, action.job ? null : action, answer, reading)
}

const noRow: Readonly<Record<string, unknown>> = Object.freeze({})

/** The row as the caller sees it, if the rules let the action be asked of it. */
function* rowOf(
  snapshot: Snapshot,
  call: Call,
  action: Action,
  reading: Reading,
): Work<Readonly<Record<string, unknown>>> {
  const { resource } = call
  if (call.id === null) throw missing(resource, '')
  const row = yield* visibleRow(snapshot, call, reading)
  const guard = reading.permissions.for(resource, ruleOf(action))
  if (!guard.open && (yield* allowedRows(snapshot, resource, [row], guard)).length === 0) throw refusal(call, resource)
  const view = viewOf(resource, call.shape)
  const item = yield* showItem(snapshot, view, row, reading, false, itemTag(reading.epoch, view, row, snapshot))
  return JSON.parse(item.body) as Record<string, unknown>
}

function refusal({ principal, action }: Call, resource: Resource): ApiError {
  const detail = `you may not ${action!.name} this ${resource.name}`
  return new ApiError(principal ? 'forbidden' : 'unauthenticated', { detail })
}

function* argumentsOf(action: Action, given: Arguments, reading: Reading): Work<unknown> {
  const { input: schema } = action
  // What a job makes of it is checked when it is created.
  if (!schema) return action.job && action.name === 'create' ? given.value : refuseArguments(action, given)
  // A modelled object may come without a body where all of its members may be absent.
  const value = given.value === undefined && schema.kind !== 'text' ? {} : given.value
  const checked = yield* wait(schema.input(value, given.mode, reading.ctx))
  if (checked.ok) return checked.value
  const issues = given.mode === 'text' ? checked.issues.map(parameterOf) : checked.issues
  const words = checked.text === null ? {} : { error: 'InvalidData', detail: checked.text }
  throw new ApiError('validation', { issues, ...words })
}

/** An action that takes nothing ignores what comes where restaction does, and otherwise says so. */
function refuseArguments(action: Action, { value, mode }: Arguments): undefined {
  if (action.lenient || typeof value !== 'object' || value === null) return undefined
  const names = Object.keys(value)
  if (names.length === 0) return undefined
  const detail = `${action.name} takes no arguments`
  throw new ApiError('validation', {
    issues: names.map(name =>
      mode === 'text'
        ? { code: 'unknown_param', parameter: name, detail }
        : { code: 'unknown_field', pointer: pointer('#', name), detail },
    ),
  })
}

/** Of a query or form the first segment of the pointer is the parameter's name. */
function parameterOf({ pointer: at = '#', ...issue }: Issue): Issue {
  const [, name] = at.split('/')
  if (name === undefined) return { ...issue, pointer: at }
  return { ...issue, parameter: decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~') }
}

/** Shapes what an action or a hook answers with; what does not fit is our fault and told to nobody outside. */
export function* answered(
  resource: Resource,
  action: Action | null,
  answer: unknown,
  reading: Pick<Reading, 'ctx'>,
): Work<Answered> {
  const replied = isReply(answer)
  const value = replied ? answer.value : answer
  const headers = replied ? linesOf(answer.headers) : none
  const status = replied ? answer.status : 200
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw unfit(action, `the status ${status} is none of an answer`)
  if (value instanceof Response)
    return {
      kind: 'value',
      resource,
      action,
      status: replied && answer.status !== 200 ? answer.status : value.status,
      headers,
      value,
      body: null,
    }
  const shaped = action?.output ? yield* shape(action, value, reading) : plainJson(value)
  if (shaped === undefined) throw unfit(action, 'the answer holds what JSON cannot say: a function, a class, NaN …')
  return { kind: 'value', resource, action, status, headers, value: shaped, body: JSON.stringify(shaped) ?? 'null' }
}

/** A Response of the application's own, under a status. */
export function responded({ resource, action = null }: Call, status: number, value: Response): Answered {
  return { kind: 'value', resource, action, status, headers: none, value, body: null }
}

function* shape(action: Action, value: unknown, reading: Pick<Reading, 'ctx'>): Work<unknown> {
  const checked: Checked = yield* wait(action.output!.output(value, reading.ctx))
  if (checked.ok) return checked.value ?? null
  const [first] = checked.issues
  throw unfit(action, `${checked.text ?? `${first?.pointer ?? '#'}: ${first?.detail ?? 'does not fit'}`} in $output`)
}

/** The client learns nothing but that it is our fault; the log has the rest. */
function unfit(action: Action | null, why: string): ApiError {
  const error = action && (action.lenient || action.output?.kind === 'text') ? { error: 'ServerError' } : {}
  const place = action ? `${action.resource.name}.${action.name}` : 'a hook'
  return new ApiError('internal', { ...error, cause: new Error(`${place}: ${why}`) })
}

const none: HeaderLines = Object.freeze([])

export function linesOf(headers: ReplyHeaders): HeaderLines {
  return Object.entries(headers).flatMap(([name, values]) =>
    (typeof values === 'string' ? [values] : values).map(value => [name.toLowerCase(), value] as const),
  )
}
