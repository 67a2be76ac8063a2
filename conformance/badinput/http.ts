import { request as ask } from 'node:http'
import { EventStream } from '../../src/testing/event-stream.ts'
import { parsed, type WireAnswer, type WireRequest } from '../server/wire.ts'
import { filledBy, type Bench } from './bench.ts'
import { codesOf } from './codes.ts'
import { scripted } from './http-scripts.ts'
import { requestOf } from './request.ts'

/** What was answered: null where the client went before an answer could come. */
export type Answered = WireAnswer | null

/** Makes ready what the words of a vector say, and returns how to do it over HTTP: what is costly to make is no matter of the server. */
export function readyHttp(bench: Bench): () => Promise<Answered> {
  const { vector, wire, filling } = bench
  const { request } = vector
  if (request.rawGen !== undefined) return scripted(bench, request.rawGen)
  if (request.raw !== undefined) {
    const bytes = filledBy(bench, request.raw)
    return async () => onlyAnswer(await wire.sendRaw(bytes))
  }
  if (request.rawHex !== undefined) {
    const bytes = Buffer.from(request.rawHex.replaceAll(' ', ''), 'hex').toString('latin1')
    return async () => onlyAnswer(await wire.sendRaw(bytes))
  }
  const asked = requestOf(request, filling)
  const { abortAfterBytes } = request
  if (abortAfterBytes !== undefined) return () => abort(bench, asked, abortAfterBytes)
  const [path = '', times] = asked.path.split(/[?&]repeat=/)
  return () => sendAsOften(bench, { ...asked, path }, request.repeat ?? (times === undefined ? 1 : Number(times)))
}

/**
 * Sends a request so often at once; the worst answer counts. A busy machine may refuse some of a burst with 503 and
 * `Retry-After`, as it should; then the others count, if there are any.
 */
async function sendAsOften({ wire }: Bench, asked: WireRequest, times: number): Promise<WireAnswer> {
  const answers = await Promise.all(Array.from({ length: times }, () => wire.send(asked)))
  const isRefused = ({ status, headers }: WireAnswer): boolean => status === 503 && headers['retry-after'] !== undefined
  return answers.toSorted((a, b) => Number(isRefused(a)) - Number(isRefused(b)) || b.status - a.status)[0]!
}

/** Sends the head of a request and so many bytes of its body, then goes. An answer that is there by then counts. */
async function abort({ wire }: Bench, asked: WireRequest, bytes: number): Promise<Answered> {
  const { method, path, headers, body = new Uint8Array(0) } = asked
  const request = ask({
    port: wire.port,
    method,
    path,
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  })
  const gone = new Promise<void>(resolve => request.on('error', () => {}).on('close', resolve))
  request.flushHeaders()
  await new Promise<void>(resolve => request.write(body.subarray(0, bytes), () => resolve()))
  request.destroy()
  await gone
  // What is asked on another connection is answered after the server has seen the first one go.
  await wire.send({ method: 'GET', path: '/health', headers: {} })
  return null
}

/** The only answer on a connection; a second one means that a smuggled request was understood. */
function onlyAnswer(text: string): WireAnswer {
  const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
  const answers = text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0
  const lines = head
    .split('\r\n')
    .slice(1)
    .map(line => line.split(/: (.*)/s, 2) as [string, string])
  return {
    status: answers === 1 ? Number(head.slice(9, 12)) : 0,
    headers: Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value])),
    text: body,
    json: parsed(body),
  }
}

/** The names of a stream's events. One that cannot be parsed is a fault. */
function eventsOf(answer: WireAnswer): string[] {
  if (!String(answer.headers['content-type']).startsWith('text/event-stream')) return []
  const stream = new EventStream()
  stream.feed(answer.text)
  return stream.events.map(event => event.event)
}

/** What an answer says, as codes: those of a problem and of its issues, `reset` of a stream, or `ok`. */
export function codesIn(answer: WireAnswer): string[] {
  if (answer.status < 400) return eventsOf(answer).includes('reset') ? ['reset'] : ['ok']
  return codesOf(answer.json)
}
