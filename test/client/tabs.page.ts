// The page of tabs.test.ts.
import { client } from '../../src/client/index.ts'
import { tabs } from '../../src/client/tabs.ts'
import { localTokens } from '../../src/client/tokens.ts'

let sockets = 0
class Counted extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    sockets++
  }
}
/** A tab that is silent neither hears nor says anything, like one that hangs. */
let isSilent = false
const { prototype } = BroadcastChannel
const { addEventListener, postMessage } = prototype
prototype.postMessage = function (message) {
  if (!isSilent) postMessage.call(this, message)
}
prototype.addEventListener = function (name: string, heard: unknown) {
  addEventListener.call(this, name, event => isSilent || (heard as (event: Event) => void)(event))
}
// oxlint-disable-next-line typescript/no-explicit-any -- the server is another program
const api = client<any>(location.origin, { transport: tabs, tokens: localTokens(), WebSocket: Counted }) as any
const notes = api.note.live()
notes.subscribe(() => {})
const texts = (): string => notes.rows.map((row: { readonly text: string }) => row.text).join()
Object.assign(globalThis, { api, texts, sockets: () => sockets, silence: (on: boolean) => (isSilent = on) })
