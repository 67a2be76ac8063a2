// The server of browser.test.ts, in a process that can be killed. usage: node board.server.ts FILE PORT
import { api, resource, serve, sqlite, t } from '../../src/index.ts'

const [, , file, port] = process.argv as [string, string, string, string]
const card = resource({
  id: t.id('uuid', { client: true }),
  text: t.text(),
  column: t.enum(['todo', 'done']).default('todo'),
}).public()
await serve(api({ card }, { store: sqlite(file), report: () => {}, http: { log: () => {} } }), {
  port: Number(port),
  report: () => {},
})
console.log('ready')
