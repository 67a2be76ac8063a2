import { closed, type Problem } from './problem.ts'

/** What a login answers with. */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  /** Seconds. */
  readonly expires_in?: number
}

/** Where tokens are kept: `localTokens()` of `restuary/client/tokens`, or `{ get: () => …, set: tokens => … }` over a keychain, … */
export interface TokenStore {
  get(): Tokens | null | Promise<Tokens | null>
  /** null = logged out. */
  set(tokens: Tokens | null): void | Promise<void>
  /** Calls back when the tokens are changed elsewhere, in another tab for instance. Returns the function that ends that. */
  watch?(changed: () => void): () => void
}

/** Keeps tokens as long as the client lives. */
export function memoryTokens(): TokenStore {
  let kept: Tokens | null = null
  return {
    get: () => kept,
    set: tokens => void (kept = tokens),
  }
}

/** What is done with a token that the server refuses. */
export interface Renewal {
  /** Resolves to the token to go on with after `refused`. null = none. */
  readonly renew: (refused: string | null) => Promise<string | null>
  /** Does again, with a new token, what was refused with a token. Rejects with the refusal if there is no new one. */
  readonly doAgain: <T>(refusal: Problem, token: string | null, work: (token: string) => Promise<T>) => Promise<T>
}

/** The credentials of a client. */
export interface Session extends Renewal {
  readonly store: TokenStore
  /** Called when somebody logs in or out. `isOther` = a user was there before, and may not be the one who is there now. */
  onChange: (isOther: boolean) => void
  token(): Promise<string | null>
  keep(tokens: Tokens | null): Promise<void>
  /** Does what needs the token. If the server refuses the token, it is renewed, and the work is done again. */
  withToken<T>(work: (token: string | null) => Promise<T>): Promise<T>
}

export function sessionOf(store: TokenStore, renewal: Renewal): Session {
  /** Whose token it was. null = nobody has asked for one. */
  let known: unknown = null
  const session: Session = {
    ...renewal,
    store,
    onChange() {},
    async token() {
      const token = (await store.get())?.access_token ?? null
      const former = known
      known = subjectOf(token)
      // Another tab may have changed the tokens that both of them use.
      if (former !== null && former !== known) session.onChange(former !== undefined)
      return token
    },
    async keep(tokens) {
      await store.set(tokens)
      const former = known
      known = subjectOf(tokens && tokens.access_token)
      // A cookie does not tell whose it is.
      session.onChange(known === undefined || (former !== undefined && former !== known))
    },
    async withToken(work) {
      const who = known
      const token = await session.token()
      // Somebody else has logged in meanwhile, who has not asked for it.
      if (who != null && who !== known) throw closed()
      try {
        return await work(token)
      } catch (thrown) {
        const problem = thrown as Problem
        if (problem.status !== 401) throw problem
        return session.doAgain(problem, token, work)
      }
    },
  }
  return session
}

/** The subject of a token. undefined = the token tells none. */
export function subjectOf(token: string | null): unknown {
  try {
    return JSON.parse(atob(token!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))).sub
  } catch {
    return undefined
  }
}
