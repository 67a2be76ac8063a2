export interface SocketIoOptions {
  /** The namespace of all events. Default: `/`. */
  readonly namespace?: string
  /** Whether clients of Socket.IO 1 and 2 (Engine.IO 3) may connect. Default: false. */
  readonly legacy?: boolean
  /** Whether clients are told the text of internal errors. Default: false. */
  readonly debug?: boolean
  /** The path below the mount. Default: `/socket.io`. */
  readonly path?: string
  /** Exact origins from which browsers may connect. Default: those of the HTTP face. */
  readonly cors?: { readonly origins: readonly string[]; readonly credentials?: boolean }
}
