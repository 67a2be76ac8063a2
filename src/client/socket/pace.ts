/** Sends no more messages than the server accepts: a burst at once, the others as there is room (docs/protocol.md §8.6). */
export interface Pace {
  /** A connection is open, with these limits. */
  begin(limits: { readonly rate: number; readonly burst: number }): void
  send(text: string): void
  /** The connection is lost. */
  end(): void
}

export function paceOf(sendNow: (text: string) => void): Pace {
  let waiting: string[] = []
  /** Milliseconds between two messages of a steady flow. */
  let step = 20
  /** How far the messages of a burst run ahead of that flow, in milliseconds. */
  let ahead = 0
  /** When the flow has caught up with what was sent. */
  let even = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function pump(): void {
    clearTimeout(timer)
    const now = Date.now()
    while (waiting.length > 0) {
      const next = Math.max(even, now) + step
      if (next > now + ahead) {
        timer = setTimeout(pump, step)
        return
      }
      even = next
      sendNow(waiting.shift()!)
    }
  }

  return {
    begin({ rate, burst }) {
      step = 1000 / rate
      ahead = burst * step
      even = 0
    },
    send(text) {
      waiting.push(text)
      pump()
    },
    end() {
      waiting = []
    },
  }
}
