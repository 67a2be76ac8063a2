import { ApiError, type Issue } from '../../protocol/error.ts'
import type { Credentials } from '../../auth/principal.ts'
import type { Maybe } from '../../store/work.ts'

/** Names and values alternately, as node:http takes them. This saves an object per header. */
export type FieldLines = string[]

/** The body of a response; null if it has none. */
export type Body = string | Uint8Array | null

/**
 * A request and its response, in the form in which every host shows them to the HTTP face. The header fields that the face
 * needs are collected in one pass over the raw list. Asking a host for its headers object would cost more than the rest of a
 * GET.
 */
export abstract class Exchange implements Credentials {
  readonly face = 'http' as const
  readonly method: string
  /** The request target as received: a path with its query, an absolute URI or `*` (RFC 9112 §3.2). */
  readonly target: string
  readonly raw: readonly string[]
  /** Whether a body is announced, of whatever length (RFC 9112 §6.3). */
  readonly hasBody: boolean
  accept: string | undefined
  acceptEncoding: string | undefined
  authorization: string | undefined
  contentEncoding: string | undefined
  contentLength: string | undefined
  contentRange: string | undefined
  contentType: string | undefined
  host: string | undefined
  idempotencyKey: string | undefined
  ifMatch: string | undefined
  ifModifiedSince: string | undefined
  ifNoneMatch: string | undefined
  ifUnmodifiedSince: string | undefined
  minPosition: string | undefined
  origin: string | undefined
  prefer: string | undefined
  requestId: string | undefined
  transferEncoding: string | undefined
  /** The suffix of the client's entity tags that stands for a content coding (see compress.ts). */
  coded = ''
  /** What is wrong with the header section: a field that may come once came twice. */
  fault: Issue | undefined
  /** When it began to wait in the queue, on the monotonic clock; 0 if it did not. */
  arrived = 0
  /** When the answer was begun, on the same clock. This and what follows is only set if it is reported. */
  started = 0
  /** The template of its URI. */
  route = 'none'
  /** The id of the caller. */
  caller: string | number | null = null

  constructor(method: string, target: string, raw: readonly string[]) {
    this.method = method
    this.target = target
    this.raw = raw
    this.accept =
      this.acceptEncoding =
      this.authorization =
      this.contentEncoding =
      this.contentLength =
      this.contentRange =
        undefined
    this.contentType = this.host = this.idempotencyKey = this.ifMatch = this.ifModifiedSince = undefined
    this.ifNoneMatch =
      this.ifUnmodifiedSince =
      this.minPosition =
      this.origin =
      this.prefer =
      this.requestId =
        undefined
    this.transferEncoding = this.fault = undefined
    for (let i = 0; i + 1 < raw.length; i += 2) this.#take(raw[i]!, raw[i + 1]!)
    this.hasBody =
      this.transferEncoding !== undefined || (this.contentLength !== undefined && this.contentLength !== '0')
  }

  /** Reads the body. Rejects with ApiError `payload_too_large` above the limit, and with `Aborted` if the client left. */
  abstract body(limit: number): Promise<Uint8Array>
  /** The body in chunks, no faster than they are requested. If reading stops early, the rest is left to the response. */
  abstract stream(): AsyncGenerator<Uint8Array, void>
  /** Sends the response, once. `null` = no body. The length is among the fields. */
  abstract send(status: number, fields: FieldLines, body: Body): void

  /** Begins a response without a fixed end. Throws ApiError `not_acceptable` if the host cannot do that. */
  open(_status: number, _fields: FieldLines): ByteStream {
    throw new ApiError('not_acceptable', { detail: 'streams are not available on this host' })
  }

  /** The peer of the connection, if there is one. */
  get address(): string | undefined {
    return undefined
  }

  /** A header field, by its name in lower case. Several lines of a field are joined (RFC 9110 §5.3). */
  header(name: string): string | undefined {
    if (name === 'authorization') return this.authorization
    const raw = this.raw
    let value: string | undefined
    for (let i = 0; i + 1 < raw.length; i += 2) {
      if (is(raw[i]!, name)) value = joined(value, raw[i + 1]!)
    }
    return value
  }

  /** The path of the target, still encoded; `*` for `OPTIONS *`. Throws ApiError `bad_request` for the URI of another server. */
  get path(): string {
    const { target } = this
    const path = target.charCodeAt(0) === 0x2f || target === '*' ? target : this.#pathOfUri()
    const mark = path.indexOf('?')
    return mark < 0 ? path : path.slice(0, mark)
  }

  /** The text after the `?` of the target, still encoded; empty if there is none. */
  get query(): string {
    const mark = this.target.indexOf('?')
    return mark < 0 ? '' : this.target.slice(mark + 1)
  }

  // The absolute form is accepted (RFC 9112 §3.2.2), but only for this host: this is not a proxy.
  #pathOfUri(): string {
    const { target, host } = this
    const start = target.indexOf('://') + 3
    if (start > 3) {
      const slash = target.indexOf('/', start)
      const end = slash < 0 ? target.length : slash
      if (target.slice(start, end).toLowerCase() === host?.toLowerCase()) return slash < 0 ? '/' : target.slice(slash)
    }
    throw new ApiError('bad_request', { detail: 'The request target is not a path of this server' })
  }

  // The length distinguishes most names, so few of them have to be compared.
  #take(name: string, value: string): void {
    switch (name.length) {
      case 4:
        if (is(name, 'host')) this.host = this.#once(this.host, name, value)
        break
      case 6:
        if (is(name, 'accept')) this.accept = joined(this.accept, value)
        else if (is(name, 'origin')) this.origin = this.#once(this.origin, name, value)
        else if (is(name, 'prefer')) this.prefer = joined(this.prefer, value)
        break
      case 8:
        if (is(name, 'if-match')) this.ifMatch = joined(this.ifMatch, value)
        break
      case 12:
        if (is(name, 'content-type')) this.contentType = this.#once(this.contentType, name, value)
        else if (is(name, 'min-position')) this.minPosition = this.#once(this.minPosition, name, value)
        else if (is(name, 'x-request-id')) this.requestId ??= value
        break
      case 13:
        if (is(name, 'authorization')) this.authorization = this.#once(this.authorization, name, value)
        else if (is(name, 'if-none-match')) this.ifNoneMatch = joined(this.ifNoneMatch, value)
        else if (is(name, 'content-range')) this.contentRange = value
        break
      case 14:
        if (is(name, 'content-length')) this.contentLength = value
        break
      case 15:
        if (is(name, 'accept-encoding')) this.acceptEncoding = joined(this.acceptEncoding, value)
        else if (is(name, 'idempotency-key')) this.idempotencyKey = this.#once(this.idempotencyKey, name, value)
        break
      case 16:
        if (is(name, 'content-encoding')) this.contentEncoding = joined(this.contentEncoding, value)
        break
      case 17:
        if (is(name, 'if-modified-since')) this.ifModifiedSince = value
        else if (is(name, 'transfer-encoding')) this.transferEncoding = value
        break
      case 19:
        if (is(name, 'if-unmodified-since')) this.ifUnmodifiedSince = value
        break
    }
  }

  #once(before: string | undefined, name: string, value: string): string {
    if (before !== undefined)
      this.fault = { header: name.toLowerCase(), code: 'duplicate', detail: 'may be given once' }
    return before ?? value
  }
}

/** The body of a response without a fixed end. */
export interface ByteStream {
  /** How many bytes were written and not taken by the connection yet. */
  readonly buffered: number
  write(bytes: Uint8Array | string): void
  end(): void
  /** Cuts the response off. */
  destroy(): void
  /** Called when everything that was written has been taken. */
  onDrain: () => void
  /** Called when the client has left or the response is over. */
  onClose: () => void
}

/** The client left before its body was complete, so nobody is there to be answered. */
export class Aborted extends Error {
  override readonly name = 'Aborted'
}

/** Answers an exchange. It never throws, and settles when the response has been handed over. */
export type Answerer = (exchange: Exchange) => Maybe<void>

const is = (name: string, wanted: string): boolean =>
  name.length === wanted.length && (name === wanted || name.toLowerCase() === wanted)

const joined = (before: string | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`
