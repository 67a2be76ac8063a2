import type { Call } from '../../engine/call/call.ts'

/** The lifetime of a connection, passed on to calls that write presence rows. */
export class Lifetime {
  /** Made when it is first needed, because most connections never write presence. */
  #controller: AbortController | null = null
  #isOver = false

  /** Ties a call to this connection if it may write presence rows. */
  of(call: Call): Call {
    if (!call.resource.options.ephemeral?.presence) return call
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort()
    return { ...call, connection: this.#controller.signal }
  }

  /** The connection is over. Presence rows of calls that are still in progress end as well. */
  end(): void {
    this.#isOver = true
    this.#controller?.abort()
  }
}
