// The yardstick: node:http, a prepared statement of node:sqlite, a compiled validator, and nothing else. It has no
// versions, no change log, no rules and no paging.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { Ajv as AjvClass } from 'ajv'
import { createSchema, openTodos, patchSchema, prepareTodos, readStart, tellReady, type TodoInput } from './todo.ts'

const { Ajv } = createRequire(import.meta.url)('ajv') as { Ajv: typeof AjvClass }
const start = readStart()
const todos = prepareTodos(openTodos(start))
const ajv = new Ajv()
const mayCreate = ajv.compile<TodoInput>(createSchema)
const mayPatch = ajv.compile<TodoInput>(patchSchema)

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value)
  response.writeHead(status, ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))])
  response.end(text)
}

function sendRow(response: ServerResponse, row: unknown): void {
  send(response, row === undefined ? 404 : 200, row ?? {})
}

function readBody(request: IncomingMessage, response: ServerResponse, then: (body: unknown) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    let body: unknown
    try {
      body = JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString())
    } catch {
      return send(response, 400, { error: 'json' })
    }
    then(body)
  })
}

const server = createServer((request, response) => {
  const url = request.url!
  const isRead = request.method === 'GET'
  if (url.startsWith('/todos/')) {
    const id = Number(url.slice(7))
    if (isRead) return sendRow(response, todos.get.get(id))
    return readBody(request, response, body => {
      if (!mayPatch(body)) return send(response, 422, { error: 'invalid' })
      sendRow(response, todos.patch.get(body.title ?? null, body.done ?? null, id))
    })
  }
  if (isRead) {
    const query = new URLSearchParams(url.slice(url.indexOf('?') + 1))
    return send(response, 200, todos.list.all(Math.min(100, Number(query.get('limit') ?? 25))))
  }
  readBody(request, response, body => {
    if (!mayCreate(body)) return send(response, 422, { error: 'invalid' })
    send(response, 201, todos.create.get(body.title!, body.done ?? 0))
  })
})
server.listen(start.port, '127.0.0.1', () => tellReady(start.port))
