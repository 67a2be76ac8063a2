import type { ConnectionStatus } from './follower.ts'
import { listen } from './listen.ts'

/** How a client is doing. */
export interface ClientState {
  /** `idle` = no live query needs it, `offline` = lost, and trying again. */
  readonly connection: ConnectionStatus
  /** How many writes the server has not answered. */
  readonly pending: number
}

/** How a client is doing now, and whenever that changes. */
export interface Status extends ClientState {
  /** The same object until something changes. */
  readonly state: ClientState
  readonly subscribe: (listener: (state: ClientState) => void) => () => void
}

/** A status, and what changes it. */
export function statusOf(): { readonly status: Status; readonly set: (change: Partial<ClientState>) => void } {
  const listeners = new Set<(state: ClientState) => void>()
  const state: ClientState = { connection: 'idle', pending: 0 }
  const status: Status = { ...state, state, subscribe: listener => listen(listeners, listener) }
  const set = (change: Partial<ClientState>): void => {
    const now = { ...status.state, ...change }
    Object.assign(status, now, { state: now })
    for (const listener of listeners) listener(now)
  }
  return { status, set }
}
