/** What a login answers with. */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  /** Seconds. */
  readonly expires_in?: number
}

/** Where tokens are kept: `{ get: () => …, set: tokens => … }` over localStorage, a keychain, … */
export interface TokenStore {
  get(): Tokens | null | Promise<Tokens | null>
  /** null = logged out. */
  set(tokens: Tokens | null): void | Promise<void>
}

/** Keeps tokens as long as the client lives. */
export function memoryTokens(): TokenStore {
  let kept: Tokens | null = null
  return {
    get: () => kept,
    set: tokens => void (kept = tokens),
  }
}

/** The credentials of a client. */
export interface Session {
  readonly store: TokenStore
  /** Called when somebody logs in or out. */
  onChange: () => void
  token(): Promise<string | null>
  keep(tokens: Tokens | null): Promise<void>
  /** Resolves to the token to go on with after `refused`. null = none. Whatever asks at the same time gets the same one. */
  renew(refused: string | null): Promise<string | null>
}

/** `ask` renews the tokens, unless somebody did since `refused` was sent. null = the server refused. */
export function sessionOf(store: TokenStore, ask: (refused: string | null) => Promise<Tokens | null>): Session {
  let renewing: Promise<Tokens | null> | null = null
  /** Whose token it was. null = nobody has asked for one. */
  let known: unknown = null
  const session: Session = {
    store,
    onChange() {},
    async token() {
      const token = (await store.get())?.access_token ?? null
      const [former, now] = [known, subjectOf(token)]
      known = now
      // Another tab may have changed the tokens that both of them use.
      if (former !== null && former !== now) session.onChange()
      return token
    },
    async keep(tokens) {
      await store.set(tokens)
      known = null
      session.onChange()
    },
    async renew(refused) {
      renewing ??= ask(refused).finally(() => (renewing = null))
      return (await renewing)?.access_token ?? null
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
