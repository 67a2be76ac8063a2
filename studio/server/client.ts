import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { client as makeClient } from '../../src/client/client.ts'
import type { Problem } from '../../src/client/problem.ts'
import type { Tokens } from '../../src/client/session.ts'
import type { LiveChange, LiveStatus } from '../../src/client/types/live.ts'
import { recordedFetch, RecordedSocket } from './recorded.ts'
import { base } from './settings.ts'

// The page has the client of the package before its own program.
declare const restuary: { readonly client: typeof makeClient }

export type Id = string | number
export interface Row {
  readonly [field: string]: unknown
}
export type Filter = Readonly<Record<string, unknown>>
export type { Problem, Tokens }

/** The rows of a query at one moment. */
export interface FollowedState {
  readonly rows: readonly Row[]
  readonly changes: readonly LiveChange<Row, Id>[]
  readonly status: LiveStatus
  readonly position: string | null
}

/** The rows of a query, as they are now. */
export interface Followed extends FollowedState {
  readonly problem: Problem | null
  readonly subscribe: (changed: (state: FollowedState) => void) => () => void
}

export interface RowPage {
  readonly rows: readonly Row[]
  readonly total?: number
  readonly next: (() => Promise<RowPage>) | null
}

/** A resource of the API. */
export interface Table {
  list(options: Readonly<Record<string, unknown>>): Promise<RowPage>
  get(id: Id, options?: Readonly<Record<string, unknown>>): Promise<Row>
  create(data: unknown): Promise<Row>
  patch(id: Id | { readonly filter: Filter }, data: unknown, how?: { readonly ifMatch?: string }): Promise<Row>
  delete(id: Id | { readonly filter: Filter }): Promise<void>
  live(options: Readonly<Record<string, unknown>>): Followed
  history(id: Id, options?: Readonly<Record<string, unknown>>): Promise<readonly Row[]>
  upload(id: Id, field: string, file: File): Promise<unknown>
}

/** The client of the package, for any API. */
export interface ApiClient {
  readonly $auth: { login(credentials: unknown): Promise<void>; logout(): Promise<void> }
  readonly $status: {
    readonly state: { readonly connection: string; readonly pending: number }
    readonly subscribe: (
      changed: (state: { readonly connection: string; readonly pending: number }) => void,
    ) => () => void
  }
  $request(method: string, path: string, request?: Readonly<Record<string, unknown>>): Promise<unknown>
  $close(): void
}

/** The paths of resources that are not served under their names. */
let paths: Readonly<Record<string, string>> = {}

interface TokenPlace {
  get(): Tokens | null
  set(tokens: Tokens | null): void
}

const KEY = `restuary-studio ${base}`

/** The tokens of the user who has logged in. They are kept when the page is loaded again. */
const ownTokens: TokenPlace = {
  get: () => JSON.parse(localStorage.getItem(KEY) ?? 'null') as Tokens | null,
  set: tokens => {
    if (tokens) localStorage.setItem(KEY, JSON.stringify(tokens))
    else localStorage.removeItem(KEY)
    isLoggedIn.value = tokens !== null
  },
}

function connect(tokens: TokenPlace): ApiClient {
  return restuary.client<unknown>(base, {
    tokens,
    paths,
    fetch: recordedFetch,
    WebSocket: RecordedSocket,
  })
}

export const isLoggedIn: Signal<boolean> = signal(false)

/** Another user, as whom the studio looks, with a session of its own. */
interface Impersonation {
  readonly user: Id
  readonly client: ApiClient
  readonly tokens: TokenPlace
}

const own: Signal<ApiClient | null> = signal(null)
const impersonation: Signal<Impersonation | null> = signal(null)

/** The client of the user who has logged in, also while the studio looks as another. */
export const ownApi: ReadonlySignal<ApiClient> = computed(() => own.value!)

/** The client of the user as whom the studio looks. */
export const api: ReadonlySignal<ApiClient> = computed(() => impersonation.value?.client ?? own.value!)

/** The other user as whom the studio looks; null = it looks as the user who has logged in. */
export const lookingAs: ReadonlySignal<Id | null> = computed(() => impersonation.value?.user ?? null)

/** Connects, when it is known where resources are. */
export function connectTo(served: Readonly<Record<string, string>>): void {
  paths = served
  isLoggedIn.value = ownTokens.get() !== null
  own.value = connect(ownTokens)
}

/** Looks with the tokens of another user, until `lookAsOneself`. */
export function lookWith(user: Id, tokens: Tokens): void {
  lookAsOneself()
  let kept: Tokens | null = tokens
  const place: TokenPlace = { get: () => kept, set: given => void (kept = given) }
  impersonation.value = { user, client: connect(place), tokens: place }
}

export function lookAsOneself(): void {
  const before = impersonation.value
  impersonation.value = null
  void before?.client.$auth
    .logout()
    .catch(() => {})
    .finally(() => before.client.$close())
}

export function table(name: string): Table {
  return (api.value as unknown as Readonly<Record<string, Table>>)[name]!
}

/** The access token of whoever is looking; undefined = nobody is logged in. */
export const token = (): string | undefined => (impersonation.value?.tokens ?? ownTokens).get()?.access_token

/** Sends a request as whoever is looking, and resolves to the response, whatever its status. */
export async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const held = token()
  const headers = new Headers(init.headers)
  if (held !== undefined) headers.set('authorization', `Bearer ${held}`)
  if (!headers.has('accept')) headers.set('accept', 'application/json')
  return recordedFetch(base + path, { ...init, method, headers })
}
