// node test/studio/task-server.ts PORT FILE: a server that a test kills.
import { api, resource, serve, sqlite, t } from '../../src/index.ts'

const [, , port = '', file = ''] = process.argv
const task = resource({ id: t.id(), title: t.text() }).public()
const app = api({ task }, { store: sqlite(file), studio: true, report: () => {} })
await serve(app, { port: Number(port), report: () => {} })
process.stdout.write('ready\n')
