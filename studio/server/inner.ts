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

/** The model as those see it who may use the studio's inner parts. */
export interface InnerModel {
  readonly store: string
  readonly position: string
  /** The resource whose rows log in; null = none. */
  readonly users: string | null
  /** Who asks; null = nobody is logged in. */
  readonly me: { readonly id: Id; readonly label: string } | null
  readonly may: { readonly lookAs: boolean }
  readonly has: { readonly jobs: boolean; readonly sessions: boolean; readonly metrics: boolean }
  readonly limits: Readonly<Record<string, number>>
  readonly defaultLimits: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
  readonly resources: readonly InnerResource[]
}

/** Who changed a row, as far as the log tells; null = the application itself or another program, or nobody noted it. */
export type Author = { readonly id: Id | null; readonly label: string } | null

/** A commit, and some of its changes. */
export interface RecentCommit {
  readonly position: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** How many changes it has. */
  readonly size: number
  readonly by: Author
  readonly changes: readonly {
    readonly resource: string
    readonly id: Id
    readonly op: string
    readonly fields: readonly string[]
  }[]
}

/** How the server is doing. Counters only grow. */
export interface ServerState {
  readonly at: number
  readonly position: string
  readonly uptime: number
  readonly commits: number
  readonly changes: number
  readonly recent: readonly RecentCommit[]
  readonly memory: { readonly rss: number; readonly heapUsed: number }
  readonly cpu: number
  readonly delay: number
  /** How many milliseconds commits waited until subscribers were told, at most, since the last question. */
  readonly lag: number
  readonly requests: { readonly inFlight: number; readonly refused: number } | null
  /** Whether requests are refused at this moment, because there are too many. */
  readonly isRefusing: boolean
  readonly subscriptions: number
  /** Events sent to subscribers. */
  readonly deliveries: number
  readonly queries: Readonly<Record<string, number>>
  readonly connections: readonly {
    readonly who: Id | null
    readonly label: string
    readonly face: string
    readonly address: string | null
    readonly since: number
    readonly subscriptions: number
    /** Bytes that the client has not taken yet. */
    readonly waiting: number
  }[]
}

/** What a user may do with a row, and the parts of each rule. */
export interface Verdict {
  readonly id: Id
  readonly may: Readonly<Record<string, boolean>>
  readonly why: Readonly<Record<string, readonly string[]>>
}

/** What a user may do that is about no row yet. null = it depends on what is written. */
export interface WholeVerdict {
  readonly may: Readonly<Record<string, boolean | null>>
  readonly why: Verdict['why']
}

/** A query that somebody follows. */
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
  /** Average milliseconds of a commit that concerns it; null = none was measured. */
  readonly cost: number | null
  readonly followers: readonly {
    readonly phase: 'following' | 'starting' | 'held' | 'behind' | 'renewing' | 'closed'
    /** Up to where it was told; null = nothing yet. */
    readonly position: string | null
    /** Steps that wait to be told. */
    readonly steps: number
    /** null = the application itself. */
    readonly reader: { readonly who: Id | null; readonly waiting: number } | null
  }[]
}

/** All queries that somebody follows. */
export interface Subscribed {
  /** Up to where subscribers were told; null = nobody follows anything. */
  readonly told: string | null
  readonly position: string
  readonly queries: readonly SubscribedQuery[]
}

/** How a list is read, and what following it costs. */
export interface ExplainedQuery extends Pick<SubscribedQuery, 'upkeep' | 'reason' | 'foundBy' | 'reads' | 'cost'> {
  /** null = the store has no SQL. */
  readonly sql: string | null
  readonly values: readonly unknown[]
  readonly steps: readonly string[]
  /** Whether a rule is a function, which judges the rows that the SQL has found. */
  readonly hasFunction: boolean
}

/** On how many rows users may do what. */
export interface RoleMatrix {
  readonly rows: number
  readonly lines: readonly {
    readonly user: Id | null
    readonly label: string
    readonly may: Readonly<Record<string, number | 'all' | 'none' | '?'>>
  }[]
}

/** The rate limits, and what is spent of them. */
export interface RateBudgets {
  readonly at: number
  readonly policies: readonly {
    readonly name: string
    readonly quota: number
    /** Milliseconds. */
    readonly window: number
    readonly by: 'caller' | 'address' | 'everyone'
    /** Empty: calls of all resources. */
    readonly resources: readonly string[]
  }[]
  /** Whether the place where budgets are kept can list them. */
  readonly isListed: boolean
  readonly budgets: readonly {
    readonly policy: string
    /** `number` or `string` for a user with such an id, `address`, or empty for everyone together. */
    readonly kind: string
    readonly account: string
    readonly remaining: number
    /** Seconds until more is available. */
    readonly more: number | null
    /** When it is full again, in milliseconds since 1970. */
    readonly whole: number
  }[]
}

/** A job of anybody. */
export interface ListedJob {
  readonly id: string
  readonly action: string
  readonly status: string
  readonly progress: number | null
  readonly note: string | null
  readonly attempts: number
  readonly created: string
  readonly started: string | null
  readonly finished: string | null
  readonly error: { readonly title?: string; readonly detail?: string } | null
  readonly owner: Id | false | null
  /** What its owner is called. */
  readonly label: string
}

/** A session of anybody. */
export interface ListedSession {
  readonly id: string
  readonly user: Id
  /** What the user is called. */
  readonly label: string
  readonly scope: string
  readonly refreshed: number
  readonly expires: number
  /** From where it is connected to this node. */
  readonly connections: readonly string[]
}

/** What the server tells those who may use the inner parts of the studio; null = others, or nobody knows yet. */
export const inner: Signal<InnerModel | null> = signal(null)
/** Whether the server has said who may. */
export const isInnerKnown: Signal<boolean> = signal(false)

const own = settings.studio.slice(settings.base.length)
const ask = <T>(word: string): Promise<T> => ownApi.value.$request('GET', `${own}/${word}`) as Promise<T>
const put = <T>(word: string, data: unknown): Promise<T> =>
  ownApi.value.$request('POST', `${own}/${word}`, { data }) as Promise<T>

/** Asks what this caller may see beyond the public API. */
export async function loadInner(): Promise<void> {
  inner.value = await ask<InnerModel>('model').catch(() => null)
  isInnerKnown.value = true
}

export const askServer = (): Promise<ServerState> => ask('server')
export const askSubscriptions = (): Promise<Subscribed> => ask('subscriptions')
export const askVerdicts = async (
  resource: string,
  ids: readonly Id[],
  user?: Id | null,
): Promise<readonly Verdict[]> =>
  (await put<{ readonly rows: readonly Verdict[] }>('verdicts', { resource, ids, user })).rows
export const askWhole = async (resource: string, user?: Id | null): Promise<WholeVerdict> =>
  (await put<{ readonly whole: WholeVerdict }>('verdicts', { resource, ids: [], user })).whole
/** Who made the newest changes of rows, at most `limit` of each. */
export const askAuthors = async (
  resource: string,
  ids: readonly Id[],
  limit: number = 1,
): Promise<ReadonlyMap<Id, readonly { readonly position: string; readonly by: Author }[]>> => {
  const { rows } = await put<{
    readonly rows: readonly { readonly id: Id; readonly changes: readonly { position: string; by: Author }[] }[]
  }>('authors', { resource, ids, limit })
  return new Map(rows.map(({ id, changes }) => [id, changes]))
}
export const askTokensOf = (user: Id): Promise<Tokens> => put('look-as', { user })
export const askCommits = async (): Promise<readonly RecentCommit[]> =>
  (await ask<{ readonly commits: readonly RecentCommit[] }>('commits')).commits
export const explainQuery = (query: Readonly<Record<string, unknown>>): Promise<ExplainedQuery> => put('query', query)
export const askMatrix = (resource: string, users?: readonly Id[]): Promise<RoleMatrix> =>
  put('matrix', { resource, ...(users && { users }) })
export const askJobs = async (): Promise<readonly ListedJob[]> =>
  (await ask<{ readonly jobs: readonly ListedJob[] }>('jobs')).jobs
export const askBudgets = (): Promise<RateBudgets> => ask('budgets')
export const cancelJob = (id: string): Promise<unknown> => put('jobs/cancel', { id })
export const askSessions = async (): Promise<readonly ListedSession[]> =>
  (await ask<{ readonly sessions: readonly ListedSession[] }>('sessions')).sessions
export const endSession = (id: string): Promise<unknown> => put('sessions/end', { id })
