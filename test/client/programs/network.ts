// The network between one client and the server. It can be cut, and be away for a while.

export class Network {
  #isDown = false
  #requests = new AbortController()
  readonly #closers = new Set<() => void>()

  /** Sends a request. What is under way when the network is cut fails, and nobody knows what came of it. */
  readonly fetch: typeof fetch = async (url, init) => {
    if (this.#isDown) throw new TypeError('the network is down')
    const signal = AbortSignal.any([this.#requests.signal, ...(init?.signal ? [init.signal] : [])])
    return fetch(url, { ...init, signal })
  }

  /** The class of WebSockets that go through this network. */
  readonly WebSocket: typeof WebSocket = ((network: Network) =>
    class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        // Nobody listens on the port for discarded bytes.
        super(network.#isDown ? 'ws://127.0.0.1:9' : url, protocols)
        const close = (): void => this.close()
        network.#closers.add(close)
        this.addEventListener('close', () => network.#closers.delete(close))
      }
    })(this)

  get isDown(): boolean {
    return this.#isDown
  }

  /** Has `close` called whenever the network is cut. */
  onCut(close: () => void): void {
    this.#closers.add(close)
  }

  cut(): void {
    this.#requests.abort()
    this.#requests = new AbortController()
    for (const close of this.#closers) close()
  }

  /** Cuts everything, and lets nothing through until `up` is called. */
  down(): void {
    this.#isDown = true
    this.cut()
  }

  up(): void {
    this.#isDown = false
  }
}
