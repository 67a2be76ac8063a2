// The ceiling of node:http: one constant answer, no routing, no store.
import { createServer } from 'node:http'
import { readStart, tellReady } from './todo.ts'

const { port } = readStart()
const text = '{"id":1234,"title":"Todo number 071649 of the list","done":0}'
const fields = ['content-type', 'application/json', 'content-length', String(text.length)]
createServer((_request, response) => {
  response.writeHead(200, fields)
  response.end(text)
}).listen(port, '127.0.0.1', () => tellReady(port))
