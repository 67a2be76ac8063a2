import { ModelError } from '../../src/model/link/faults.ts'
import { departed, knownWords, playEach, type Closing } from '../each.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import { Wire, type WireAnswer, type WireRequest } from '../server/wire.ts'
import { openApp, prefixOf } from './app.ts'
import { departures, startDepartures } from './departures.ts'
import { differenceOf, tokenIn } from './judge.ts'
import { signed } from './tokens.ts'
import {
  words,
  type AppVector,
  type CaseVector,
  type Expected,
  type RestactionFile,
  type StartError,
  type StepVector,
} from './vector.ts'

/** Runs each case on an application of its own, over a real connection. */
export function runRestaction(file: RestactionFile, options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file.cases,
    one => one.name,
    options,
    (one, closing, at) => play(one, options, closing, at),
  )
}

async function play(
  one: CaseVector,
  options: RunOptions,
  closing: Closing,
  at: (place: string) => void,
): Promise<string | null> {
  const { app, steps = [] } = one
  knownWords('case with', one, words.case)
  knownWords('expect', one.expect ?? {}, words.start)
  for (const step of steps) {
    knownWords('step with', step, words.step)
    knownWords('request with', step.request, words.request)
    knownWords('expect', step.expect, words.expect)
    knownWords('token with', step.expect.token ?? {}, words.token)
    if (step.sign) knownWords('sign', step.sign, words.sign)
  }
  const clock = { now: Date.parse('2016-09-15T15:00:00Z') }
  if (one.expect) {
    const refused = one.expect.registrationError
    const rule = startDepartures.find(({ starts }) => starts(app, refused))
    if (rule === undefined) return judgeStart(refused, () => serve(app, clock, options, closing))
    options.onDeparture?.(rule.id, one.name)
    await serve(app, clock, options, closing)
    return null
  }
  const wire = await serve(app, clock, options, closing)
  const saved = new Map<string, string>()
  for (const [index, step] of steps.entries()) {
    at(`#${index} ${step.request.method} ${step.request.path}`)
    if (step.at !== undefined) clock.now = Date.parse(step.at)
    const note = (id: string): void => options.onDeparture?.(id, `${one.name}#${index}`)
    const wanted = departed(departures, { app, step }, step.expect, note)
    const expected = await resolved(wanted, wire, clock, app, saved, options, closing)
    const answer = await wire.send(requestOf(step, app, saved))
    const token = tokenIn(answer, app)
    if (step.save !== undefined && token !== null) saved.set(step.save, token)
    const fault = differenceOf(expected, answer, app)
    if (fault !== null) return fault
  }
  return null
}

interface Clock {
  now: number
}

async function serve(app: AppVector, clock: Clock, options: RunOptions, closing: Closing): Promise<Wire> {
  const opened = openApp(app, freshStore(options.store), () => clock.now)
  const wire = await Wire.open()
  closing.defer(() => wire.close())
  await wire.serve(opened)
  return wire
}

/** What another request is answered, where the step has to be answered the same. */
async function resolved(
  expected: Expected,
  wire: Wire,
  clock: Clock,
  app: AppVector,
  saved: ReadonlyMap<string, string>,
  options: RunOptions,
  closing: Closing,
): Promise<Expected> {
  const { like, ...rest } = expected
  if (!like) return expected
  const other = like.app ? await serve(like.app, clock, options, closing) : wire
  const answer = await other.send(requestOf(like.step, like.app ?? app, saved))
  // A token is of the application that made it.
  const { token: _, ...others } = rest
  return { text: comparable(answer), ...(like.app ? others : rest), status: answer.status, ...contentTypeIn(answer) }
}

const contentTypeIn = ({ headers }: WireAnswer): Pick<Expected, 'contentType'> => {
  const type = headers['content-type']
  return type === undefined ? {} : { contentType: type }
}

/** A problem has an id of its own each time. */
const comparable = ({ text }: WireAnswer): string => text

/** Mistakes of a schema are told in the original's words and place; of other mistakes it is only asked that they are. */
async function judgeStart(
  { type, message, position }: StartError,
  open: () => Promise<unknown>,
): Promise<string | null> {
  try {
    await open()
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    if (type !== 'SchemaError') return null
    const told = error.faults.map(({ problem, place }) => ({ problem, place }))
    // Texts of syntax faults are of the original's parser, those of parameters are of its language.
    const isFree = /^invalid syntax|\) (got|takes|missing) /.test(message)
    const isTold = told.some(one => one.place === position && (isFree || one.problem === message))
    return isTold ? null : `${message} in ${position} wanted, ${JSON.stringify(told)} found`
  }
  return `${type} wanted, but it starts`
}

function requestOf(
  { request, sign, use, useCookie }: StepVector,
  app: AppVector,
  saved: ReadonlyMap<string, string>,
): WireRequest {
  const headers: Record<string, string> = { ...request.headers }
  let text = request.body
  if (request.json !== undefined) {
    headers['Content-Type'] = 'application/json'
    text = JSON.stringify(request.json)
  } else if (request.form) {
    headers['Content-Type'] = 'application/x-www-form-urlencoded'
    const fields = Object.entries(request.form).flatMap(([name, value]) => [value].flat().map(one => [name, one]))
    text = new URLSearchParams(fields).toString()
  }
  const { header, cookie } = { header: 'Authorization', cookie: null, ...app.meta?.$auth }
  // Where no header is looked at, the usual one is sent all the same.
  if (use !== undefined) headers[header ?? 'Authorization'] = saved.get(use) ?? ''
  if (sign) headers[header ?? 'Authorization'] = signed(sign, app.config?.SECRET_KEY ?? '')
  if (useCookie !== undefined) headers['Cookie'] = `${cookie}=${saved.get(useCookie)}`
  const { method } = request
  const path = app.blueprint ? request.path : prefixOf(app) + request.path
  return { method, path, headers, body: text === undefined ? undefined : Buffer.from(text) }
}
