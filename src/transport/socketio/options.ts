export interface SocketIoOptions {
  /** All events are on this namespace. Default `/`. */
  readonly namespace?: string
  /** Clients of Socket.IO 1 and 2 may connect as well (Engine.IO 3). Default: no. */
  readonly legacy?: boolean
  /** Errors that are ours are told with their text. Default: no. */
  readonly debug?: boolean
  /** Where it is found. Default `/socket.io`, below the mount. */
  readonly path?: string
  /** Origins that browsers may connect from, exact. Default: those of the HTTP face. */
  readonly cors?: { readonly origins: readonly string[]; readonly credentials?: boolean }
}
