import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { Action, Resource, Row } from '../../model/model.ts'
import type { Ctx } from '../../schema/field.ts'
import { Rejected } from '../../schema/schema.ts'
import type { Snapshot, Transaction } from '../../store/store.ts'
import { chain, run, wait, type Maybe, type Work } from '../../store/work.ts'
import { actionOf, type Answered, type Arguments, type Call, type HeaderLines } from '../call/call.ts'
import type { Context } from '../call/context.ts'
import { ruleOf } from '../rules/authorize.ts'
import { headerOf } from '../call/outcome.ts'
import { callAroundHooks } from './around-hooks.ts'
import { allowedRows } from '../rules/permissions.ts'
import { plainJson } from '../call/plain-json.ts'
import { isReply, type ReplyHeaders } from '../call/reply.ts'
import { rowNotFound, showItem, visibleRow } from '../read/read.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { viewOf } from '../read/view.ts'
import { textMode } from '../../schema/read/input-mode.ts'

/** How an action reads rows, and how it opens a transaction. */
export interface DataAccess {
  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T>
  begin<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/** The same access from inside an open transaction. */
export function accessWithin(tx: Transaction): DataAccess {
  return {
    read: <T>(work: (snapshot: Snapshot) => Work<T>) => run(work(tx)),
    begin: work => work(tx),
  }
}

/**
 * Runs an action that the caller may call: finds the row, reads the arguments, calls the function and shapes its answer. Throws
 * ApiError.
 */
export function runAction(call: Call, reading: ReadEnvironment, context: Context, access: DataAccess): Maybe<Answered> {
  const asked: Asked = { call, action: actionOf(call), reading, context }
  if (!asked.action.transaction) return onRow(asked, access)
  return access.begin(tx => context.within(tx, async () => onRow(asked, accessWithin(tx))))
}

/** A request for an action. */
interface Asked {
  readonly call: Call
  readonly action: Action
  readonly reading: ReadEnvironment
  readonly context: Context
}

type Shown = Readonly<Record<string, unknown>>

function onRow(asked: Asked, access: DataAccess): Maybe<Answered> {
  if (asked.action.on === 'list') return perform({ ...asked, row: noRow })
  const row = access.read(snapshot => rowOf(snapshot, asked))
  return row instanceof Promise ? row.then(there => perform({ ...asked, row: there })) : perform({ ...asked, row })
}

/** The same, with the row that the action is called on. */
interface Doing extends Asked {
  readonly row: Shown
}

// A value that is there already is used at once: a generator or async function would cost more than most actions do.
function perform(doing: Doing): Maybe<Answered> {
  const { call } = doing
  const given = call.arguments ? call.arguments() : { value: call.input, mode: call.mode }
  return given instanceof Promise ? given.then(one => take(doing, one)) : take(doing, given)
}

function take(doing: Doing, given: Arguments): Maybe<Answered> {
  if (given.files) doing.context.attach(given.files)
  const input = readInput(doing.action, given, doing.reading)
  return input instanceof Promise ? input.then(one => start(doing, given, one)) : start(doing, given, input)
}

function start(doing: Doing, given: Arguments, input: unknown): Maybe<Answered> {
  if (input instanceof Rejected) throw refused(input, given)
  const { call, action } = doing
  const answer = call.resource.around.has(action.name) ? run(withActionHooks(doing, input)) : begun(doing, input)
  return answer instanceof Promise ? answer.then(one => end(doing, one)) : end(doing, answer)
}

function end({ call, action, reading, context }: Doing, answer: unknown): Maybe<Answered> {
  // The answer of a job is shaped when the job is done.
  const shaped = answered(call.resource, action.job ? null : action, answer, reading.ctx)
  const { position } = context
  return position === null ? shaped : chain(shaped, one => at(one, position))
}

/**
 * Adds `Position` to the response of an action that wrote something, unless the action set it. Clients use it to read their own
 * writes.
 */
function at(answer: Answered, position: string): Answered {
  if (headerOf(answer, 'position') !== undefined) return answer
  return { ...answer, headers: [...answer.headers, ['position', position]] }
}

/** Calls the action's function, or starts the job that will call it. */
function begun({ action, context, row }: Doing, input: unknown): unknown {
  return action.job ? context.begin(action, input, row) : action.run({ input, ctx: context, row })
}

function withActionHooks(doing: Doing, input: unknown): Work<unknown> {
  const { call, action, context } = doing
  const hooks = getOrThrow(call.resource.around, action.name)
  const about = { operation: action.name, id: call.id, ctx: context }
  return callAroundHooks({ hooks, about, waits: true, work: taken => wait(begun(doing, taken)) }, input)
}

const noRow: Shown = Object.freeze({})

/** Throws 404, 401 or 403 if the caller may not call the action on its row. */
export function checkCallable(call: Call, reading: ReadEnvironment, access: DataAccess): Maybe<void> {
  if (call.id === null) return undefined
  return access.read(function* (snapshot) {
    yield* callableRow(snapshot, { call, action: actionOf(call), reading })
  })
}

function* callableRow(snapshot: Snapshot, { call, action, reading }: Omit<Asked, 'context'>): Work<Row> {
  const { resource } = call
  const row = yield* visibleRow(snapshot, call, reading)
  const guard = reading.permissions.for(resource, ruleOf(action))
  if (!guard.open && (yield* allowedRows(snapshot, resource, [row], guard)).length === 0) throw refusal(call, action)
  return row
}

/** The row as the caller sees it. Throws 404 if the caller may not see it, and 401 or 403 if no rule allows the action on it. */
function* rowOf(snapshot: Snapshot, asked: Asked): Work<Shown> {
  const { call, reading } = asked
  const { resource } = call
  if (call.id === null) throw rowNotFound(resource, '')
  const row = yield* callableRow(snapshot, asked)
  const view = viewOf(resource, call.shape)
  const item = yield* showItem(snapshot, view, row, reading)
  return JSON.parse(item.body) as Record<string, unknown>
}

function refusal({ principal, resource }: Call, action: Action): ApiError {
  const detail = `you may not ${action.name} this ${resource.name}`
  return new ApiError(principal ? 'forbidden' : 'unauthenticated', { detail })
}

function readInput(action: Action, given: Arguments, reading: ReadEnvironment): unknown {
  const { input: schema } = action
  // The row that a `create` job makes is checked when the job creates it.
  if (!schema) return action.job && action.name === 'create' ? given.value : refuseArguments(action, given)
  // An object whose members are all optional may be left out altogether.
  const value = given.value === undefined && schema.kind !== 'notation' ? {} : given.value
  return schema.input(value, given.mode, reading.ctx)
}

function refused({ issues, words }: Rejected, { mode }: Arguments): ApiError {
  return new ApiError('validation', { issues: mode === textMode ? issues.map(parameterOf) : issues, ...words })
}

/** An action without declared input refuses arguments, unless its notation says that unknown names are ignored. */
function refuseArguments(action: Action, { value, mode }: Arguments): undefined {
  if (action.manner.reader !== null || typeof value !== 'object' || value === null) return undefined
  const names = Object.keys(value)
  if (names.length === 0) return undefined
  const detail = `${action.name} takes no arguments`
  throw new ApiError('validation', {
    issues: names.map(name =>
      mode === textMode
        ? { code: 'unknown_param', parameter: name, detail }
        : { code: 'unknown_field', pointer: pointer('#', name), detail },
    ),
  })
}

/** Queries and forms have no JSON pointers: the pointer's first segment becomes the name of the parameter. */
function parameterOf({ pointer: at = '#', ...issue }: Issue): Issue {
  const [, name] = at.split('/')
  if (name === undefined) return { ...issue, pointer: at }
  return { ...issue, parameter: decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~') }
}

/**
 * Shapes what an action or a hook returned. A value that does not fit is a fault of the server; clients only learn that there
 * was one.
 */
export function answered(resource: Resource, action: Action | null, answer: unknown, ctx: Ctx): Maybe<Answered> {
  const replied = isReply(answer)
  const value = replied ? answer.value : answer
  const headers = replied ? linesOf(answer.headers) : none
  const status = replied ? answer.status : 200
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw unfit(action, `the status ${status} is none of an answer`)
  if (value instanceof Response) {
    const own = replied && answer.status !== 200 ? answer.status : value.status
    return { kind: 'value', resource, action, status: own, headers, value, body: null }
  }
  const about: Told = { kind: 'value', resource, action, status, headers }
  if (!action?.output) return finished(about, plainJson(value))
  const shaped = action.output.output(value, ctx)
  return shaped instanceof Promise ? shaped.then(one => finished(about, one ?? null)) : finished(about, shaped ?? null)
}

/** A response without its value. */
type Told = Omit<Answered, 'value' | 'body'>

/** `shaped` is undefined if JSON cannot express the value. */
function finished(about: Told, shaped: unknown): Answered {
  if (shaped instanceof Rejected) throw unfit(about.action, `${tellOf(shaped)} in $output`)
  if (shaped === undefined)
    throw unfit(about.action, 'the answer holds what JSON cannot say: a function, a class, NaN …')
  return { ...about, value: shaped, body: JSON.stringify(shaped) ?? 'null' }
}

function tellOf({ issues: [first], words }: Rejected): string {
  return words.detail ?? `${first?.pointer ?? '#'}: ${first?.detail ?? 'does not fit'}`
}

/** A response that the application made itself, with the given status. */
export function responded({ resource, action = null }: Call, status: number, value: Response): Answered {
  return { kind: 'value', resource, action, status, headers: none, value, body: null }
}

/** An internal error. The client gets its id, and the log gets the reason. */
function unfit(action: Action | null, why: string): ApiError {
  const place = action ? `${action.resource.name}.${action.name}` : 'a hook'
  return new ApiError('internal', { ...action?.manner.fault, cause: new Error(`${place}: ${why}`) })
}

const none: HeaderLines = Object.freeze([])

/**
 * The header fields of a reply as lines, with names in lower case. A field with several values becomes several lines, as
 * `Set-Cookie` needs.
 */
export function linesOf(headers: ReplyHeaders): HeaderLines {
  return Object.entries(headers).flatMap(([name, values]) =>
    (typeof values === 'string' ? [values] : values).map(value => [name.toLowerCase(), value] as const),
  )
}
