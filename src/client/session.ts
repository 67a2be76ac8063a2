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
  const session: Session = {
    store,
    onChange() {},
    token: async () => (await store.get())?.access_token ?? null,
    async keep(tokens) {
      await store.set(tokens)
      session.onChange()
    },
    async renew(refused) {
      renewing ??= ask(refused).finally(() => (renewing = null))
      return (await renewing)?.access_token ?? null
    },
  }
  return session
}
