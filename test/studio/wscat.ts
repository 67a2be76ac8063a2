// node test/studio/wscat.ts -c URL -s PROTOCOL -x MESSAGE: what wscat does with these options, as far as a test needs it.
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'

const { values } = parseArgs({
  options: { c: { type: 'string', short: 'c' }, s: { type: 'string', short: 's' }, x: { type: 'string', short: 'x' } },
})
const { c: url = '', s: protocol, x: message = '' } = values
const socket = new WebSocket(url, protocol)
socket.on('open', () => socket.send(message))
socket.on('message', data => process.stdout.write(`${String(data)}\n`))
socket.on('close', () => process.exit())
