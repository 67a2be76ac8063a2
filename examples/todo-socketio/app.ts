import { readFileSync } from 'node:fs'
import { api, ApiError, handled, type Api, type DeclaredHandled, type HttpOptions } from '../../src/index.ts'

interface Todo {
  id: string
  text: string
  completed: boolean
}

const todos = new Map<string, Todo>()
let last = 0

const todo: DeclaredHandled = handled(
  {
    '/todo/': {
      get: () => Array.from(todos.values()),
      create: (_, { text = '', completed = false, ...rest }: Partial<Todo>) => {
        const [unknown] = Object.keys(rest)
        if (unknown !== undefined) throw new ApiError('validation', { detail: `there is no attribute ${unknown}` })
        const made = { id: String(++last), text, completed }
        todos.set(made.id, made)
        return made
      },
    },
    '/todo/<id>': {
      get: ({ params }) => todos.get(params.id),
      patch: ({ params, undo }, patch: Partial<Todo>) => {
        const found = todos.get(params.id)
        if (!found) throw new ApiError('not_found', { detail: `there is no todo ${params.id}` })
        const before = { ...found }
        undo(() => Object.assign(found, before))
        Object.assign(found, patch, { id: found.id })
      },
      delete: ({ params }) => void todos.delete(params.id),
    },
  },
  { public: true },
)

const page = (path: string, type: string, file: string): NonNullable<HttpOptions['pages']>[number] => ({
  path,
  type: `${type}; charset=utf-8`,
  cache: 'no-cache',
  text: () => readFileSync(new URL(file, import.meta.url), 'utf8'),
})

/** Flask-SocketAPI's todo example: functions over a map, and a page that talks to them by Socket.IO 1.3.6. */
export const app: Api<{ todo: DeclaredHandled }> = api(
  { todo },
  {
    socketio: { legacy: true, debug: true },
    http: {
      pages: [
        page('/', 'text/html', './page.html'),
        page('/static/todo.js', 'text/javascript', './todo.js'),
        page('/static/socket.io.js', 'text/javascript', '../../node_modules/socket.io-client-1/socket.io.js'),
      ],
    },
  },
)
