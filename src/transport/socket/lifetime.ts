import type { Call } from '../../engine/call/call.ts'

/** How long a connection lasts: said to those calls that write what lasts as long. */
export class Lifetime {
  /** Made for the first of them; most connections write nothing of the kind. */
  #controller: AbortController | null = null
  #isOver = false

  /** The call, on this connection. */
  of(call: Call): Call {
    if (!call.resource.options.ephemeral?.presence) return call
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort()
    return { ...call, connection: this.#controller.signal }
  }

  /** The connection is over: calls that are still under way write for nobody. */
  end(): void {
    this.#isOver = true
    this.#controller?.abort()
  }
}
