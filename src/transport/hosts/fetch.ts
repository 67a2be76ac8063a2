import type { Engine } from '../../engine/engine.ts'
import { bodyTooLarge } from '../http/request/body.ts'
import { Aborted, type Body, Exchange, type ByteStream, type FieldLines } from '../http/exchange.ts'
import { httpHandler } from '../http/handler.ts'
import type { HttpSetup } from '../http/options.ts'

/**
 * The HTTP face of an engine as a function of the Fetch standard, for Hono, Bun, Deno and tests.
 *
 * ```ts
 * const answer = fetch(app.engine, app.http)
 * const response = await answer(new Request('http://localhost/todo'))
 * ```
 */
export function fetch(engine: Engine, options: HttpSetup = {}): (request: Request) => Promise<Response> {
  const answer = httpHandler(engine, options)
  return request =>
    new Promise(resolve => {
      void answer(new FetchExchange(request, resolve))
    })
}

class FetchExchange extends Exchange {
  readonly #request: Request
  readonly #resolve: (response: Response) => void

  constructor(request: Request, resolve: (response: Response) => void) {
    const { host, pathname, search } = new URL(request.url)
    super(request.method, pathname + search, [...request.headers].flat())
    this.host ??= host
    this.#request = request
    this.#resolve = resolve
  }

  async body(limit: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let size = 0
    const reader = this.#request.body?.getReader()
    for (;;) {
      const step = await reader?.read().catch(() => {
        throw new Aborted()
      })
      if (step?.value === undefined) break
      size += step.value.length
      if (size > limit) {
        await reader!.cancel()
        throw bodyTooLarge(limit)
      }
      chunks.push(step.value)
    }
    return Buffer.concat(chunks, size)
  }

  async *stream(): AsyncGenerator<Uint8Array, void> {
    const reader = this.#request.body?.getReader()
    if (!reader) return
    try {
      for (;;) {
        const step = await reader.read().catch((cause: unknown) => {
          throw new Aborted('the client went away', { cause })
        })
        if (step.done) return
        yield step.value
      }
    } finally {
      await reader.cancel().catch(() => {})
    }
  }

  override open(status: number, fields: FieldLines): ByteStream {
    const { body, stream } = pulled()
    this.#request.signal.addEventListener('abort', () => stream.destroy())
    this.#resolve(new Response(body, { status, headers: headersOf(fields) }))
    return stream
  }

  send(status: number, fields: FieldLines, body: Body): void {
    this.#resolve(new Response(body === '' ? null : (body as BodyInit | null), { status, headers: headersOf(fields) }))
  }
}

function headersOf(fields: FieldLines): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
  return headers
}

/** A response body that is written as it comes. `buffered` counts what its reader has not taken. */
function pulled(): { body: ReadableStream<Uint8Array>; stream: ByteStream } {
  let controller: ReadableStreamDefaultController<Uint8Array>
  let isOver = false
  const over = (end: () => void): void => {
    if (isOver) return
    isOver = true
    end()
    stream.onClose()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: own => void (controller = own),
      pull: () => stream.onDrain(),
      cancel: () => over(() => {}),
    },
    { highWaterMark: 1, size: bytes => bytes.length },
  )
  const stream: ByteStream = {
    get buffered() {
      return 1 - (controller.desiredSize ?? 1)
    },
    write: bytes => void (isOver || controller.enqueue(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)),
    end: () => over(() => controller.close()),
    destroy: () => over(() => controller.error(new Error('the stream was cut off'))),
    onDrain: () => {},
    onClose: () => {},
  }
  return { body, stream }
}
