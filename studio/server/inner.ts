import { signal, type Signal } from '@preact/signals'
import { ownApi, type Id, type Tokens } from './client.ts'
import { settings } from './settings.ts'

/** What the studio knows of a resource beyond the public API. */
export interface InnerResource {
  readonly name: string
  readonly rows: number | null
  readonly rules: Readonly<Record<string, string>>
  readonly fieldRules: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly warnings: readonly string[]
}

export interface InnerModel {
  readonly store: string
  readonly position: string
  /** The resource whose rows log in; null = none. */
  readonly users: string | null
  readonly may: { readonly lookAs: boolean }
  readonly warnings: readonly string[]
  readonly resources: readonly InnerResource[]
}

export interface ServerState {
  readonly at: number
  readonly position: string
  readonly uptime: number
  readonly commits: number
  readonly changes: number
  readonly recent: readonly {
    readonly position: string
    readonly at: number
    readonly size: number
    readonly changes: readonly {
      readonly resource: string
      readonly id: Id
      readonly op: string
      readonly fields: readonly string[]
    }[]
  }[]
  readonly memory: { readonly rss: number; readonly heapUsed: number }
  readonly cpu: number
  readonly delay: number
  readonly requests: { readonly inFlight: number; readonly refused: number } | null
  readonly subscriptions: number
  readonly queries: Readonly<Record<string, number>>
  readonly connections: readonly {
    readonly who: Id | null
    readonly face: string
    readonly address: string | null
    readonly since: number
    readonly subscriptions: number
  }[]
}

export interface Verdict {
  readonly id: Id
  readonly may: Readonly<Record<string, boolean>>
  readonly why: Readonly<Record<string, readonly string[]>>
}

export interface SubscribedQuery {
  readonly resource: string
  readonly query: string
  readonly limit: number | null
  readonly subscriptions: number
  readonly upkeep: string
  readonly reason: string | null
  readonly isExact: boolean
  readonly foundBy: readonly string[]
  readonly reads: readonly string[]
  readonly cost: number | null
}

/** null = this caller may not use the inner parts of the studio. */
export const inner: Signal<InnerModel | null> = signal(null)

const own = settings.studio.slice(settings.base.length)
const ask = <T>(word: string): Promise<T> => ownApi.value.$request('GET', `${own}/${word}`) as Promise<T>
const put = <T>(word: string, data: unknown): Promise<T> =>
  ownApi.value.$request('POST', `${own}/${word}`, { data }) as Promise<T>

/** Asks what this caller may see beyond the public API. */
export async function loadInner(): Promise<void> {
  inner.value = await ask<InnerModel>('model').catch(() => null)
}

export const askServer = (): Promise<ServerState> => ask('server')
export const askSubscriptions = async (): Promise<readonly SubscribedQuery[]> =>
  (await ask<{ readonly queries: readonly SubscribedQuery[] }>('subscriptions')).queries
export const askVerdicts = async (
  resource: string,
  ids: readonly Id[],
  user?: Id | null,
): Promise<readonly Verdict[]> =>
  (await put<{ readonly rows: readonly Verdict[] }>('verdicts', { resource, ids, user })).rows
export const askTokensOf = (user: Id): Promise<Tokens> => put('look-as', { user })
