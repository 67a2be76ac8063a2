// The page of tabs.test.ts.
import { client } from '../../src/client/index.ts'
import { tabs } from '../../src/client/tabs.ts'

let sockets = 0
class Counted extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    sockets++
  }
}
// oxlint-disable-next-line typescript/no-explicit-any -- the server is another program
const api = client<any>(location.origin, { transport: tabs, WebSocket: Counted }) as any
const notes = api.note.live()
notes.subscribe(() => {})
const texts = (): string => notes.rows.map((row: { readonly text: string }) => row.text).join()
Object.assign(globalThis, { api, texts, sockets: () => sockets })
