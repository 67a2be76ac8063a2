// The worker of hosts.test.ts.
import { client } from '../../src/client/index.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the server is another program
const api = client<any>(location.origin) as any
const live = api.note.live()
await live.ready
await api.note.create({ text: 'b' })
postMessage(live.rows.map((row: { readonly text: string }) => row.text).join())
api.$close()
