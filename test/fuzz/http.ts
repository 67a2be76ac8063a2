import { Random } from '../property/live-oracle/random.ts'
import { Requests, type Asking } from './requests.ts'
import { afterRunning } from './late.ts'
import { positionOf, subject } from './model.ts'

export interface Tally {
  readonly requests: number
  readonly succeeded: number
  /** Answers with a status from 500, faults that were reported, requests without an answer, refusals that changed something. */
  readonly faults: readonly string[]
}

/** Milliseconds after which a request counts as hanging. */
const HANG = 10_000

/** Requests to one API; then a new one takes its place, as rows become more and more. */
const EACH = 10_000

/** Sends so many requests, one after the other; most of them are as they should be. */
export async function fuzzHttp(
  requests: number,
  seed: number,
  tell: (sent: number) => void = () => {},
): Promise<Tally> {
  const random = new Random(seed)
  const faults: string[] = []
  let succeeded = 0
  for (let sent = 0; sent < requests && faults.length < 20; sent += EACH) {
    succeeded += await fuzzOne(random, Math.min(EACH, requests - sent), faults)
    tell(Math.min(sent + EACH, requests))
  }
  return { requests, succeeded, faults }
}

async function fuzzOne(random: Random, requests: number, faults: string[]): Promise<number> {
  const { app, ids, faults: own } = await subject()
  const note = (what: string, asking: Asking): void => void faults.push(`${what} ${told(asking)}`)
  let succeeded = 0
  try {
    const answer = await app.fetch(new Request('http://localhost/openapi.json'))
    const grammar = new Requests(random, await answer.json(), ids)
    for (let i = 0; i < requests && faults.length < 20; i++) {
      const asking = random.chance(0.85) ? grammar.fitting() : grammar.faulty()
      const before = positionOf(app)
      const status = await statusOf(app, asking)
      if (typeof status === 'string' || status >= 500) note(String(status), asking)
      else if (status < 400) succeeded++
      else if (positionOf(app) !== before) note(`${status} changed something:`, asking)
      for (const fault of own.splice(0)) note(String((fault as Error).cause ?? fault), asking)
    }
    return succeeded
  } finally {
    await app.close()
  }
}

async function statusOf(app: { fetch(request: Request): Promise<Response> }, asking: Asking): Promise<number | string> {
  const { method, path, query, headers, body } = asking
  let request: Request
  try {
    const text = body === null ? undefined : 'text' in body ? body.text : JSON.stringify(body.value)
    const sent = text === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: text }
    request = new Request(`http://localhost${path}${query === '' ? '' : `?${query}`}`, { method, headers, ...sent })
  } catch {
    return 400 // no request at all
  }
  let answeredInTime: (() => void) | undefined
  const late = new Promise<string>(resolve => {
    answeredInTime = afterRunning(HANG, () => resolve('hangs'))
  })
  const answered = app.fetch(request).then(async answer => {
    // A stream has no end; its first words are enough.
    if (answer.headers.get('content-type')?.startsWith('text/event-stream')) await answer.body?.cancel()
    else await answer.arrayBuffer()
    return answer.status
  })
  try {
    return await Promise.race([answered, late])
  } catch (error) {
    return `throws ${String(error)}`
  } finally {
    answeredInTime?.()
  }
}

const told = ({ method, path, query, headers, body }: Asking): string =>
  JSON.stringify({ method, path, query, headers, body }).slice(0, 600)
