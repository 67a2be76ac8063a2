import { permits } from '../../model/rules/permission.ts'
import type { Call } from '../../engine/call/call.ts'
import { ApiError, problemOf } from '../../protocol/error.ts'
import { everything, plainShape } from '../../query/predicate.ts'
import { hasId } from '../../live/views/interest.ts'
import type { Asked, AskedEnd, AskedSubscription, Dialect, Follow } from '../../transport/socket/dialect.ts'
import { sessionBatch } from '../../transport/batch/session-batch.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import type { UriTargets } from '../../transport/uri-target.ts'
import { withoutHeaders } from '../../transport/without-headers.ts'
import { drf } from './drf.ts'
import { envelopeAnswerFrame, type PushedAction } from './frames.ts'
import { canonicalId, keyOf, perform, type Performed } from './perform.ts'
import { words, type Profile } from './profile.ts'
import { isMembers, readRequest, type Request } from './request.ts'
import { actionsOf, type Stream } from './streams.ts'
import { EventsTeller, InstanceTeller } from './tellers.ts'
import { actionErrors, toldErrors, type ToldErrors } from './told-errors.ts'

/** Our names of operations that have another name in this dialect. */
const operations: ReadonlyMap<string, string> = new Map([
  ['retrieve', 'get'],
  ['update', 'replace'],
])

const reads: ReadonlySet<unknown> = new Set(['list', 'retrieve'])

/** What all connections of this dialect share. */
export interface EnvelopeWords {
  readonly streams: ReadonlyMap<string, Stream>
  /** Finds what the calls of a batch name. */
  readonly targets: UriTargets
  readonly profile: Profile
}

/** Speaks `{ stream, payload }` on a connection, as channels-api and dcrf-client do. */
export class EnvelopeDialect implements Dialect<string> {
  readonly isSerial = true
  readonly #session: SocketSession<string>
  readonly #words: EnvelopeWords

  constructor(session: SocketSession<string>, words: EnvelopeWords) {
    this.#session = session
    this.#words = words
  }

  read(text: string): Asked {
    const request = readRequest(text, this.#session.host.engine.limits)
    if ('error' in request) return this.#answered(request, { status: 400, errors: [request.error] })
    const stream = this.#words.streams.get(request.stream)
    if (!stream) return this.#answered(request, { status: 404, errors: [`There is no stream ${request.stream}`] })
    // The calls of a batch have permissions of their own.
    if (request.action === 'batch' && !stream.actions.has('batch')) return this.#batch(request)
    const refused = this.#refusal(stream, request)
    if (refused) return this.#answered(request, refused)
    const { action } = request
    if (request.at !== null && (!reads.has(action) || stream.actions.has(action as string)))
      return this.#answered(request, { status: 400, errors: [{ at: ['Only list and retrieve read the past.'] }] })
    if (!stream.actions.has(action as string)) {
      if (action === 'subscribe' || action === 'unsubscribe') return this.#events(stream, request)
      if (action === 'subscribe_instance' || action === 'unsubscribe_instance') return this.#instance(stream, request)
    }
    const run = async (): Promise<() => void> => {
      await this.#reached(request)
      const told = await perform(stream, request, { session: this.#session, profile: this.#words.profile })
      return () => this.#tell(request, told)
    }
    const refuse = (error: ApiError): void => this.#tell(request, actionErrors(error))
    return { kind: reads.has(action) ? 'read' : 'write', run, refuse }
  }

  /** Several calls, all or nothing. The problem document of a refusal says which one it is about. */
  #batch(request: Request): Asked {
    const run = async (): Promise<() => void> => {
      await this.#reached(request)
      const done = await sessionBatch(this.#session, this.#words.targets, request.data, keyOf(request))
      return () => this.#tell(request, { status: 200, data: done.data, position: done.position })
    }
    const refuse = (error: ApiError): void =>
      this.#tell(request, { status: error.status, errors: [problemOf(withoutHeaders(error))] })
    return { kind: 'write', run, refuse }
  }

  async #reached({ min }: Request): Promise<void> {
    const { live } = this.#session.host
    // A value that is no text is no position either.
    if (min !== null) await live.awaitPosition(typeof min === 'string' ? min : '', { pointer: '#/min' })
  }

  refuse(error: ApiError): void {
    const text = error.code === 'rate_limited' ? 'Request was throttled.' : error.message
    this.#session.tell(
      envelopeAnswerFrame({ stream: null, action: null, requestId: null, status: error.status, errors: [text] }),
    )
  }

  #tell({ stream, action, requestId, wantsPosition = false }: Echoed, told: Performed): void {
    const echoed = typeof action === 'object' ? null : action
    const { position, ...shown } = 'errors' in told ? { ...told, position: undefined } : told
    const at = wantsPosition ? position : undefined
    this.#session.tell(envelopeAnswerFrame({ stream, action: echoed, requestId, ...shown, position: at }))
  }

  /** A message whose answer is already known. It is sent when its turn comes. */
  #answered(request: Echoed, told: ToldErrors): Asked {
    const tell = (): void => this.#tell(request, told)
    return { kind: 'read', run: () => Promise.resolve(tell), refuse: tell }
  }

  /**
   * Why the caller may not send this request. It is checked first, so that callers without permission do not learn which
   * actions exist. null = the request is allowed.
   */
  #refusal(stream: Stream, { action, pk }: Request): ToldErrors | null {
    const { principal, host } = this.#session
    const { denied, unknownAction } = words[this.#words.profile]
    const permissions = stream.resource.permissions ?? host.engine.callerChecks.permissions
    const asked = typeof action === 'string' ? action : null
    const operation = operations.get(asked ?? '') ?? asked
    if (permissions && operation !== null && !permits(permissions, principal, operation, pk ?? null, asked!)) {
      return { status: denied.status, errors: [denied.text] }
    }
    if (typeof action === 'string') {
      if (subscribing.has(action) && stream.operations.has('subscribe')) return null
      if (actionsOf(stream).includes(action)) return null
    }
    const { status, text } = unknownAction(action)
    return { status, errors: [text] }
  }

  /** `subscribe` and `unsubscribe`: events of all rows, or of one row. */
  #events(stream: Stream, request: Request): Asked {
    const { data } = request
    const action = isMembers(data) ? data['action'] : undefined
    if (action === undefined) return this.#answered(request, { status: 400, errors: ['action required'] })
    if (!isPushed(action)) return this.#answered(request, { status: 400, errors: ['Invalid Action'] })
    // channels-api-client sends pk as a member of data.
    const given = request.pk ?? (data as Readonly<Record<string, unknown>>)['pk'] ?? null
    const pk = given === null ? null : canonicalId(stream.resource, given)
    if (given !== null && pk === null) return this.#missing(request)
    // Subscriptions to the same rows are one subscription here, so that events come in the order in which they happened.
    const key = `events\n${stream.name}\n${JSON.stringify(pk)}`
    const done = { status: 200, data: JSON.stringify({ action }) }
    if (request.action === 'unsubscribe') return { ...this.#end(key, request, done), part: action }
    const { resource } = stream
    // A row that does not exist yet may be followed. One row is therefore a filter, not an item.
    const where = pk === null ? everything : hasId(resource, pk)
    const query = { where, sort: [], limit: null, offset: 0, cursor: null, total: false }
    const follow = async (): Promise<Follow> => ({
      call: this.#call(stream, { operation: 'list', id: null, query }),
      // This dialect sends no snapshot, so none is read: the subscription resumes from the present position.
      since: await this.#session.host.live.now(),
      mode: 'every',
      teller: new EventsTeller(stream, action, this.#session),
    })
    return { ...this.#begin(key, request, done, stream, follow), part: action }
  }

  /** `subscribe_instance` and `unsubscribe_instance`: one row. Its messages have the request_id of the subscription. */
  #instance(stream: Stream, request: Request): Asked {
    const { requestId } = request
    const pk = canonicalId(stream.resource, request.pk)
    if (pk === null) return this.#missing(request)
    const key = `instance\n${stream.name}\n${JSON.stringify(pk)}\n${JSON.stringify(requestId)}`
    if (request.action === 'unsubscribe_instance') return this.#end(key, request, { status: 204, data: 'null' })
    const follow = (): Follow => ({
      call: this.#call(stream, { operation: 'get', id: pk, query: null }),
      since: null,
      mode: 'every',
      teller: new InstanceTeller(stream, requestId, this.#session),
    })
    return this.#begin(key, request, { status: 201, data: 'null' }, stream, follow)
  }

  #begin(
    key: string,
    request: Request,
    done: Performed,
    { resource }: Stream,
    follow: AskedSubscription['follow'],
  ): AskedSubscription {
    const begun = (): void => this.#tell(request, done)
    const refuse = (error: ApiError): void =>
      this.#tell(request, toldErrors(error, this.#words.profile, resource, null))
    return { kind: 'subscribe', key, twice: 'keep', follow, begun, refuse }
  }

  #end(key: string, request: Request, done: Performed): AskedEnd {
    const refuse = (error: ApiError): void => this.#tell(request, actionErrors(error))
    return { kind: 'unsubscribe', key, done: () => this.#tell(request, done), refuse }
  }

  #missing(request: Request): Asked {
    return this.#answered(request, { status: 404, errors: [words[this.#words.profile].missing] })
  }

  #call({ resource }: Stream, asked: Pick<Call, 'operation' | 'id' | 'query'>): Call {
    return this.#session.asking({
      ...asked,
      resource,
      parent: null,
      shape: plainShape,
      mode: drf,
      conditions: null,
      permitted: true,
    })
  }
}

/** The parts of a message that its answer repeats. */
type Echoed = Pick<Request, 'action' | 'requestId'> &
  Partial<Pick<Request, 'wantsPosition'>> & { readonly stream: string | null }

const subscribing: ReadonlySet<string> = new Set([
  'subscribe',
  'unsubscribe',
  'subscribe_instance',
  'unsubscribe_instance',
])

function isPushed(action: unknown): action is PushedAction {
  return action === 'create' || action === 'update' || action === 'delete'
}
