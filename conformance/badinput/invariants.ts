import { redact } from '../../src/transport/http/response/redact.ts'
import { wait } from '../../src/store/work.ts'
import { everything } from '../../src/query/predicate.ts'
import { isObject } from '../object.ts'
import { parsed, type WireAnswer } from '../server/wire.ts'
import { BYSTANDER } from './todos.ts'
import { identityOf, type Bench } from './bench.ts'
import type { Meaning } from './prose.ts'
import type { BadRequest } from './vector.ts'

/** What an invariant looks at: how a vector came out. */
export interface Outcome {
  readonly bench: Bench
  readonly codes: readonly string[]
  /** Everything that the client heard. */
  readonly text: string
  /** Of HTTP, if there was an answer. */
  readonly answer: WireAnswer | null
  /** The longest turn of the event loop, in milliseconds of the processor. */
  readonly busyMs: number
  /** What comes of another request on the same server. */
  again(request: BadRequest): Promise<Pick<Outcome, 'codes' | 'text' | 'answer'>>
}

type Check = (outcome: Outcome) => Promise<string | null> | string | null

/** What the prose of `invariant` says beyond what always holds; what is not here always holds, or is a remark. */
const checks: readonly Meaning<Check>[] = [
  [/pollut/, () => () => ('polluted' in {} ? 'Object.prototype is polluted' : null)],
  [/byte-identical.*non-existent|same (?:as|headers .* as) missing id/, () => sameAsMissing],
  [/identical error to a non-existent field/, () => sameAsUnknownField],
  [/count 0|^empty\b|empty list|total 0|fails closed/, () => noRows],
  [/only owner=(\d+)/, owner => outcome => onlyOf(outcome, Number(owner))],
  [/at most max page|snapshot ≤ max page/, () => outcome => (rowsOf(outcome).length <= 1_000 ? null : 'too many rows')],
  [/stored verbatim as|^stored verbatim|read back byte-identical/, () => readBack],
  [/one row only|exactly one row/, () => onlyOneRow],
  [/same id in every ok answer/, () => onlyOneId],
  [
    /his own row/,
    () =>
      ({ answer }) =>
        isObject(answer?.json) && answer.json['owner'] === 2 ? null : 'the row is not his',
  ],
  [/role unchanged|no user with role admin|must not reset role|no user created/, () => rolesKept],
  [/never stored verbatim/, () => notVerbatim],
  [
    /no token/,
    () =>
      ({ text }) =>
        /token/.test(text) ? `there is a token: ${text}` : null,
  ],
  [/echo only if (\S+)/, () => requestIdIsPlain],
  [/Allow header/, () => has('allow', ({ status }) => status === 405)],
  [/Retry-After/, () => has('retry-after')],
  [/Location|open redirect/, () => noRedirect],
  [/Access-Control-Allow-Origin|no ACAO/, () => notReadableElsewhere],
  [
    /forged event/,
    () =>
      ({ text }) =>
        /^data: (?!\{|\[|null)/m.test(text) ? 'an event is forged' : null,
  ],
  [/no echo|not echoed/, () => notEchoed],
  [
    /writeOnly/,
    () =>
      ({ answer }) =>
        readablePasswords(answer?.json, 'document'),
  ],
  [
    /exactly one leave/,
    () =>
      ({ codes }) =>
        codes.filter(code => code === 'leave').length === 1 ? null : 'not one leave',
  ],
  [
    /answer < (\d+) ms/,
    most =>
      ({ busyMs }) =>
        busyMs < Number(most) ? null : `it took ${busyMs} ms`,
  ],
]

/** What is wrong with an outcome by the words of its invariant; nothing if they say no more than what always holds. */
export async function broken(outcome: Outcome): Promise<string[]> {
  const prose = outcome.bench.vector.expect.invariant ?? ''
  const faults: string[] = []
  for (const [pattern, make] of checks) {
    const found = pattern.exec(prose)
    const fault = found && (await make(...found.slice(1))(outcome))
    if (fault) faults.push(fault)
  }
  return faults
}

/** What is wrong with an outcome whatever its vector is about. */
export function always({ bench, text, answer, codes }: Outcome): string[] {
  const faults: string[] = []
  const { as = '' } = bench.vector.request
  const foreign = /^(?:bob|root)/.test(as) ? null : /CANARY|canary@x\.io|bob@x\.io|root\d*@x\.io/
  const leak = internals.exec(text) ?? foreign?.exec(text)
  if (leak) faults.push(`a leak: ${text.slice(Math.max(0, leak.index - 40), leak.index + 100)}`)
  if ([...bench.secrets].some(secret => text.includes(secret))) faults.push('an answer contains a secret')
  const logged = bench.log.map(record => JSON.stringify({ ...record, error: redact(record.error) })).join('\n')
  if (/CANARY|\$argon2id\$/.test(logged) || [...bench.secrets].some(secret => logged.includes(secret)))
    faults.push('the log contains a secret')
  if (answer && answer.status >= 400 && answer.text !== '') {
    const { error, message, requestId } = isObject(answer.json) ? answer.json : {}
    if (![error, message, requestId].every(one => typeof one === 'string')) faults.push(`no problem: ${answer.text}`)
  }
  if (codes.includes('readable_elsewhere')) faults.push('a page elsewhere may read the answer')
  if ('polluted' in {}) faults.push('Object.prototype is polluted')
  return faults
}

/** Stack traces, files, SQL, what was thrown, hashes. */
const internals = /\n\s+at |node_modules|\.ts:\d|SQLITE_|\bSELECT\b.*\bFROM\b|\$argon2id\$|db-7\.internal/

/** The rows of an answer to a list: a body, a snapshot over WebSockets, a state over Socket.IO. */
function rowsOf({ bench, answer, text }: Outcome): unknown[] {
  if (answer) return listsIn(answer.status < 400 ? answer.json : null)
  const heard = bench.vector.transport === 'ws' ? parsed(text) : text.split('\n').map(packet => parsed(packet.slice(2)))
  return Array.isArray(heard) ? heard.flatMap(listsIn) : []
}

function listsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value[0] === 'state' ? listsIn(value[1]) : value
  if (!isObject(value)) return []
  const rows = value['resource'] ?? value['data']
  return Array.isArray(rows) ? rows : []
}

const noRows: Check = outcome => (rowsOf(outcome).length === 0 ? null : 'there are rows')

function onlyOf(outcome: Outcome, owner: number): string | null {
  return rowsOf(outcome).every(row => isObject(row) && row['owner'] === owner) ? null : 'rows of others'
}

/** The todos that were not there at the start and are not the bystander's. */
async function newTodos({ bench }: Outcome): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const all = (await bench.app.list('todo')) as readonly Readonly<Record<string, unknown>>[]
  return all.filter(row => Number(row['id']) > 2 && row['owner'] !== BYSTANDER)
}

async function onlyOneRow(outcome: Outcome): Promise<string | null> {
  const { length } = await newTodos(outcome)
  return length === 1 ? null : `${length} rows of one creation`
}

function onlyOneId({ text }: Outcome): string | null {
  const ids = new Set([...text.matchAll(/"data":\{"id":(\d+)/g)].map(([, id]) => id))
  return ids.size <= 1 ? null : `ids ${[...ids].join(', ')} of one creation`
}

/** What is left of an answer when what differs for every request, and the key, are taken out. */
function shapeOf({ answer, text, codes }: Pick<Outcome, 'codes' | 'text' | 'answer'>, key: string): string {
  const fields = Object.entries(answer?.headers ?? {}).filter(
    ([name]) => !/^(?:date|x-request-id|ratelimit.*)$/.test(name),
  )
  return (
    JSON.stringify([answer?.status ?? codes, fields, text])
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      // The delay before a reconnection is random, so that clients do not all come back at once.
      .replaceAll(/retry[\\"]*:\d+/g, 'RETRY')
      .replaceAll(/expires[\\"]*:\d+/g, 'EXPIRES')
      .replaceAll(new RegExp(`\\b${key}\\b`, 'g'), 'KEY')
  )
}

/** A row that may not be seen is told of like one that is not there. */
async function sameAsMissing(outcome: Outcome): Promise<string | null> {
  const { request } = outcome.bench.vector
  // As long as the key in its place.
  const elsewhere = JSON.parse(
    JSON.stringify(request).replaceAll(/(\/todos\/|\/users\/|"key":)2\b/g, '$17'),
  ) as BadRequest
  const found = shapeOf(outcome, '2')
  const missing = shapeOf(await outcome.again(elsewhere), '7')
  return found === missing ? null : `told apart from what is missing: ${found} and ${missing}`
}

/** A field that may not be seen is told of like one that is not there. */
async function sameAsUnknownField(outcome: Outcome): Promise<string | null> {
  const { request } = outcome.bench.vector
  const elsewhere = JSON.parse(JSON.stringify(request).replaceAll(/password/gi, 'nonsense')) as BadRequest
  const found = shapeOf(outcome, 'password').replaceAll(/password/gi, 'KEY')
  const missing = shapeOf(await outcome.again(elsewhere), 'nonsense').replaceAll('nonsense', 'KEY')
  return found === missing ? null : `told apart from a field that is missing: ${found} and ${missing}`
}

async function readBack({ bench, answer }: Outcome): Promise<string | null> {
  if (answer?.status !== 201 || !isObject(answer.json)) return null
  const { title } = (parsed(String(bench.vector.request.rawBody)) ?? bench.vector.request.body) as { title: unknown }
  const path = `/todos/${String(answer.json['id'])}`
  const read = await bench.wire.send({ method: 'GET', path, headers: identityOf(bench) })
  return isObject(read.json) && read.json['title'] === title ? null : `read back as ${read.text}`
}

async function rolesKept({ bench }: Outcome): Promise<string | null> {
  const users = (await bench.app.list('user', { filter: { role: 'admin' } } as never)) as readonly { email: string }[]
  const odd = users.filter(({ email }) => !email.startsWith('root'))
  return odd.length === 0 ? null : `${odd.map(({ email }) => email).join(', ')} became admin`
}

async function notVerbatim({ bench }: Outcome): Promise<string | null> {
  const { body } = bench.vector.request
  const resource = bench.app.model.resources.get('user')!
  const rows = await bench.app.store.read(function* (snapshot) {
    return yield* wait(snapshot.select(resource, { where: everything, sort: [], limit: null, offset: 0, cursor: null }))
  })
  const given = isObject(body) ? body['password'] : undefined
  return rows.some(row => row.includes(given as string)) ? 'the password is stored as it was given' : null
}

function has(name: string, counts: (answer: WireAnswer) => boolean = () => true): Check {
  return ({ answer }) => (answer && counts(answer) && answer.headers[name] === undefined ? `no ${name}` : null)
}

const requestIdIsPlain: Check = ({ answer }) =>
  /^[A-Za-z0-9._-]{1,64}$/.test(String(answer?.headers['x-request-id'] ?? 'none')) ? null : 'the request id is echoed'

const noRedirect: Check = ({ answer }) =>
  /^(?:\/(?![/\\])|$)/.test(answer?.headers.location ?? '') ? null : `a redirect to ${answer?.headers.location}`

const notReadableElsewhere: Check = ({ answer }) =>
  answer?.headers['access-control-allow-origin'] === undefined ? null : 'a page elsewhere may read the answer'

const notEchoed: Check = ({ text }) => (/x{100}|Cookie:/i.test(text) ? 'it is echoed' : null)

/** Where a document says of a password that it can be read. */
function readablePasswords(node: unknown, path: string): string | null {
  const inner = Array.isArray(node) ? [...node.entries()] : Object.entries(isObject(node) ? node : {})
  for (const [name, one] of inner) {
    const here = `${path}/${name}`
    const isField = name === 'password' && path.endsWith('/properties') && isObject(one)
    if (isField && !/Token|Login|auth/i.test(path) && one['writeOnly'] !== true) return `${here} is not writeOnly`
    const fault = readablePasswords(one, here)
    if (fault) return fault
  }
  return null
}
