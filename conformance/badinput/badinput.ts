import { knownWords, playEach, within, type Closing } from '../each.ts'
import { isObject } from '../object.ts'
import { Unknown, type CaseResult, type RunOptions } from '../result.ts'
import type { WireAnswer } from '../server/wire.ts'
import { fingerprint, openBench, type Bench } from './bench.ts'
import { fits } from './codes.ts'
import { impliedDeeds } from './deeds.ts'
import { departures } from './departures.ts'
import { codesIn, readyHttp } from './http.ts'
import { always, broken, type Outcome } from './invariants.ts'
import { Meter } from './meter.ts'
import { trySocket } from './native.ts'
import { prepare } from './prepare.ts'
import { trySocketIo } from './socketio.ts'
import { words, type BadRequest, type Expected, type Vector } from './vector.ts'

/** Runs badinput.json: what was answered, and what has to hold whatever is done to a server. */
export function runBadInput(file: { readonly vectors: readonly Vector[] }, options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file.vectors,
    (one, i) => (one.name === undefined ? `#${i}` : `${one.category}/${one.name}`),
    options,
    (one, closing) => play(one, options, closing),
  )
}

/** Tries of a vector whose turn of the event loop, or memory, was over the limit: others may have caused it. */
const TRIES = 3

async function play(vector: Vector, options: RunOptions, closing: Closing): Promise<string | null> {
  check(vector)
  let expected = vector.expect
  for (const departure of departures) {
    const other = departure.rewrite(vector, expected)
    if (other === null) continue
    options.onDeparture?.(departure.id, vector.name)
    expected = other
  }
  let costs: string[] = []
  for (let i = 0; i < TRIES; i++) {
    await using once = new AsyncDisposableStack()
    // What is open is closed as well if the vector takes too long.
    closing.defer(() => once.disposeAsync())
    const found = await attempt(vector, expected, options, once)
    if (found.faults.length > 0) return found.faults.join('; ')
    costs = found.costs
    if (costs.length === 0) return null
  }
  return costs.join('; ')
}

/** Refuses vectors with words that nothing reads. */
function check(vector: Vector): void {
  const { transport, request, expect } = vector
  knownWords('vector with', vector, words.vector)
  if (transport !== 'http' && transport !== 'ws' && transport !== 'socketio')
    throw new Unknown(`transport ${transport}`)
  knownWords('request with', request, words[transport])
  knownWords('expect with', expect, words.expect)
  if (request.connect) knownWords('connect with', request.connect, words.connect)
}

async function attempt(
  vector: Vector,
  expected: Expected,
  { store }: RunOptions,
  closing: Closing,
): Promise<{ faults: readonly string[]; costs: string[] }> {
  const bench = await prepare(await openBench(vector, store, closing))
  const { app, wire } = bench
  const before = await fingerprint(app)
  const watch = watchProcess()
  closing.defer(watch.stop)
  const act = ready(bench)
  bench.break()
  const meter = new Meter()
  const came = await act().finally(() => bench.mend())
  const { busyMs, grownMiB } = meter.stop()
  const after = await fingerprint(app)
  const outcome: Outcome = {
    ...came,
    bench,
    busyMs,
    again: request => ready({ ...bench, vector: { ...vector, request } })(),
  }

  const faults = [...misfits(came, expected), ...always(outcome), ...(await broken(outcome))]
  if (!mayChange(vector, came.codes) && after !== before) faults.push('what was refused changed something')
  const health = await within(1_000, wire.send({ method: 'GET', path: '/health', headers: {} }))
  if (typeof health === 'symbol' || health.status !== 200) faults.push('/health does not answer')
  const missed = (await bench.bystander?.fault()) ?? null
  if (missed !== null) faults.push(missed)
  faults.push(...watch.faults)

  const isBounded = /bounded/.test(expected.invariant ?? '')
  const costs: string[] = []
  if (busyMs > (isBounded ? 100 : 200)) costs.push(`the event loop stood still for ${busyMs.toFixed()} ms`)
  if (grownMiB > (isBounded ? 32 : 64)) costs.push(`${grownMiB.toFixed()} MiB of memory`)
  return { faults, costs }
}

/** Makes ready what a vector says, and returns how to do it. */
function ready(bench: Bench): () => Promise<Pick<Outcome, 'codes' | 'text' | 'answer'>> {
  if (bench.vector.transport === 'ws') return async () => ({ ...(await trySocket(bench)), answer: null })
  if (bench.vector.transport === 'socketio') return async () => ({ ...(await trySocketIo(bench)), answer: null })
  const send = readyHttp(bench)
  return async () => {
    const answer = await send()
    return answer ? { answer, codes: codesIn(answer), text: answer.text } : { answer, codes: ['aborted'], text: '' }
  }
}

function misfits(
  { answer, codes, text }: { answer: WireAnswer | null; codes: readonly string[]; text: string },
  expected: Expected,
): string[] {
  const { status = [], code = [] } = expected
  const faults: string[] = []
  // Who has gone hears nothing.
  if (codes.includes('aborted')) return faults
  if (answer && status.length > 0 && !status.includes(answer.status))
    faults.push(`status ${answer.status}, not ${status.join(' or ')}: ${text.slice(0, 200)}`)
  // What has no body, as the answer to a HEAD, tells no code.
  const isTold = answer === null || answer.text !== '' || answer.status < 400
  if (isTold && code.length > 0 && !fits(codes, code)) faults.push(`${codes.join(', ')}, not ${code.join(' or ')}`)
  return faults
}

/** Whether a vector does something that is allowed, or others do something meanwhile. */
function mayChange({ transport, request, expect }: Vector, codes: readonly string[]): boolean {
  if (request.then !== undefined || request.behaviour !== undefined || impliedDeeds(expect) !== null) return true
  if (/no-change/.test(expect.invariant ?? '')) return false
  return codes.includes('ok') && writes(transport, request)
}

const reading: ReadonlySet<unknown> = new Set(['get', 'list', 'subscribe', 'unsubscribe', 'ping'])

function writes(transport: string, { method = 'GET', raw, rawGen, emit, send = [] }: BadRequest): boolean {
  if (transport === 'http')
    return raw === undefined && rawGen === undefined && !/^(?:GET|HEAD|OPTIONS|QUERY)$/.test(method)
  if (emit) return !reading.has(emit[0])
  return send.some(frame => !isObject(frame) || !reading.has(frame['op']))
}

/** Hears of what nobody caught: a process without a listener for it would have ended. */
function watchProcess(): { readonly faults: string[]; readonly stop: () => void } {
  const faults: string[] = []
  const hear = (error: unknown): void => void faults.push(`nobody caught ${String(error)}`)
  process.on('unhandledRejection', hear).on('uncaughtException', hear)
  return { faults, stop: () => void process.off('unhandledRejection', hear).off('uncaughtException', hear) }
}
