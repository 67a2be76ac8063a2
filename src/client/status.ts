import type { ConnectionStatus } from './follower.ts'

/** How a client is doing. */
export interface ClientState {
  /** `idle` = no live query needs it, `offline` = lost, and trying again. */
  readonly connection: ConnectionStatus
  /** How many writes the server has not answered. */
  readonly pending: number
}

/** How a client is doing now, and whenever that changes. */
export class Status implements ClientState {
  /** The same object until something changes. */
  state: ClientState = { connection: 'idle', pending: 0 }
  readonly #listeners = new Set<(state: ClientState) => void>()

  get connection(): ConnectionStatus {
    return this.state.connection
  }

  get pending(): number {
    return this.state.pending
  }

  readonly subscribe = (listener: (state: ClientState) => void): (() => void) => {
    const heard = (state: ClientState): void => listener(state)
    this.#listeners.add(heard)
    return () => void this.#listeners.delete(heard)
  }

  set(change: Partial<ClientState>): void {
    this.state = { ...this.state, ...change }
    for (const listener of this.#listeners) listener(this.state)
  }
}
