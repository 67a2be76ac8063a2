// What the examples of the reference take as given: resources, an API, a client. A test compiles all examples with it.
import { QueryClient } from '@tanstack/query-core'
import {
  act,
  action,
  actions,
  api,
  job,
  resource,
  t,
  type Authenticate,
  type BasicCheck,
  type Caller,
  type Identity,
  type KeyLookup,
} from 'restuary'
import type { FastifyInstance } from 'fastify'
import { client, type Served, type TokenStore } from 'restuary/client'

export const user = resource({
  id: t.id(),
  name: t.text().default(''),
  email: t.email().unique().nullable(),
  password: t.password().nullable(),
  role: t.enum(['admin', 'member']).default('member'),
  first: t.text().default(''),
  last: t.text().default(''),
  avatar: t.file(),
}).login('email', 'password')

export const list = resource
  .for(user)({
    id: t.id(),
    title: t.text(),
    owner: t.one('user').nullable(),
    members: t.many('user'),
    todos: t.back('todo', 'list'),
  })
  .rules((me, list) => ({ read: list.members.has(me) }))

/** The same without relations, for APIs that have nothing else. */
export const plainList = resource({ id: t.id(), title: t.text() })
export const plainTodo = resource({ id: t.id(), text: t.text(), done: t.bool().default(false) })

export const label = resource({ id: t.id(), name: t.text() })

export const todo = resource
  .for(user)({
    id: t.id(),
    title: t.text().default(''),
    text: t.text().default(''),
    done: t.bool().default(false),
    archived: t.bool().default(false),
    rank: t.integer().default(0),
    created: t.now(),
    photo: t.file(),
    list: t.one('list').nullable(),
    owner: t.one('user').nullable(),
    labels: t.many('label'),
  })
  .actions({ close: action({ on: 'row', input: { why: t.text() }, run: ({ row }) => row.id }) })

export const order = resource({ id: t.id(), closed: t.bool().default(false) })
export const film = resource({ id: t.id(), title: t.text() }).actions({ index: job(async () => {}) })
export const photo = resource({ id: t.id(), file: t.file() })
export const event = resource({ id: t.id(), start: t.integer(), end: t.integer() })
export const report = resource({ id: t.id(), pages: t.integer() })
export const hello = actions('Hello', null, { get: act('Greets.', () => 'Hello') })
export const declared = { user, list, label, todo }
export const before = { user: resource({ id: t.id(), name: t.text() }) }

export const app = api({ user, list, label, todo, film, order })
export const engine = app.engine
export interface App extends Served<typeof app> {}
export const clientOfApp = client<App>('http://localhost:3000')

export interface Lamp {
  readonly id: number
  readonly on: boolean
}
export const lamps = new Map<number, Lamp>()

export interface Mailer {
  send(to: string, text: string): Promise<void>
}
export class IsAdminToDelete {
  hasPermission(me: Caller, action: string): boolean {
    return action !== 'delete' || me?.role === 'admin'
  }
}

export declare const secret: string
export declare const accessKeyId: string
export declare const secretAccessKey: string
export declare const name: string
export declare const email: string
export declare const password: string
export declare const text: string
export declare const etag: string
export declare const ifMatch: string
export declare const position: string
export declare const userId: number
export declare const id: number
export declare const blob: Blob
export declare const answer: Response
export declare const tokens: TokenStore
export declare const me: { readonly id: number }
export declare const kept: Map<string, string>
export declare const keys: Map<string, { readonly id: number }>
export declare const identity: Identity
export declare const keyLookup: KeyLookup
export declare const check: BasicCheck
export declare const authenticate: Authenticate
export declare const socket: { close(): void }
export declare function sha256(text: string): string
export declare function hashOf(name: string): string | null
export declare function show(...values: unknown[]): void
export declare function draw(rows: unknown): void
export declare function render(rows: unknown): void
export declare function reload(): Promise<void>
export declare function set(id: number, patch: unknown): void
export declare const fastify: FastifyInstance
export const first = { todo: plainTodo }
export const second = { list: plainList }
export const queryClient = new QueryClient()
