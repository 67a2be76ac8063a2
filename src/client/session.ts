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

/** The credentials of a client. Whatever asks for a renewal at the same time gets the same one. */
export class Session {
  readonly store: TokenStore
  /** Renews the tokens, unless somebody did since `refused` was sent. null = the server refused. */
  readonly #ask: (refused: string | null) => Promise<Tokens | null>
  #renewing: Promise<Tokens | null> | null = null
  /** Called when somebody logs in or out. */
  onChange: () => void = () => {}

  constructor(store: TokenStore, ask: (refused: string | null) => Promise<Tokens | null>) {
    this.store = store
    this.#ask = ask
  }

  async token(): Promise<string | null> {
    return (await this.store.get())?.access_token ?? null
  }

  async keep(tokens: Tokens | null): Promise<void> {
    await this.store.set(tokens)
    this.onChange()
  }

  /** Resolves to the token to go on with after `refused`. null = none. */
  async renew(refused: string | null): Promise<string | null> {
    this.#renewing ??= this.#ask(refused).finally(() => (this.#renewing = null))
    return (await this.#renewing)?.access_token ?? null
  }
}
