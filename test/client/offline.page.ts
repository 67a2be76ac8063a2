// The page of offline.test.ts: a client whose network can be down, also over a reload.
import { client } from '../../src/client/index.ts'
import { indexedDb } from '../../src/client/offline.ts'
import { localTokens } from '../../src/client/tokens.ts'

const open = new Set<WebSocket>()
const isDown = (): boolean => sessionStorage.getItem('down') !== null

class Cuttable extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    // Nobody listens on the port for discarded bytes.
    super(isDown() ? 'ws://127.0.0.1:9' : url, protocols)
    open.add(this)
  }
}

const offline = indexedDb({
  merge: ({ current, mine, base }) => ({ ...(mine as object), text: JSON.stringify([base, current].map(textOf)) }),
})
const textOf = (row: unknown): string | null => (row as { readonly text: string } | null)?.text ?? null

// oxlint-disable-next-line typescript/no-explicit-any -- the server is another program
const api = client<any>(location.origin, {
  offline,
  WebSocket: Cuttable,
  random: () => 0.1,
  fetch: (...request) => (isDown() ? Promise.reject(new TypeError('the network is down')) : fetch(...request)),
  tokens: localTokens('tokens'),
}) as any

const down = (): void => {
  sessionStorage.setItem('down', 'yes')
  for (const socket of open) socket.close()
}
Object.assign(globalThis, { api, offline, down, up: () => sessionStorage.removeItem('down') })
