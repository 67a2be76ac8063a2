import type { Engine } from '../engine/engine.ts'
import { tooLarge } from './http/body.ts'
import { Aborted, Exchange, type Body, type FieldLines } from './http/exchange.ts'
import { httpHandler } from './http/handler.ts'
import type { HttpOptions } from './http/options.ts'

/** The HTTP face of an engine as a function of the Fetch standard: for Hono, Bun, Deno and tests. */
export function fetch(engine: Engine, options: HttpOptions = {}): (request: Request) => Promise<Response> {
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
    const { pathname, search } = new URL(request.url)
    super(request.method, pathname + search, [...request.headers].flat())
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
        throw tooLarge(limit)
      }
      chunks.push(step.value)
    }
    return Buffer.concat(chunks, size)
  }

  send(status: number, fields: FieldLines, body: Body): void {
    const headers = new Headers()
    for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
    this.#resolve(new Response(body === '' ? null : (body as BodyInit | null), { status, headers }))
  }
}
