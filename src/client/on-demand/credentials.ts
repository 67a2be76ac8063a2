// Logging in and out, and renewing tokens.
import type { Http } from '../http.ts'
import type { Problem } from '../problem.ts'
import { subjectOf, type Session, type Tokens } from '../session.ts'

export async function login(http: Http, session: Session, credentials: unknown): Promise<void> {
  await session.keep(await authenticate(http, '/auth/token', credentials))
}

/** Logs in, or renews tokens. In cookies mode there are none, and the browser keeps the session. */
async function authenticate(http: Http, path: string, data: unknown): Promise<Tokens> {
  const query = http.cookies ? { cookie: true } : {}
  const headers = { 'content-type': 'application/json' }
  const tokens = await http.json('POST', path, { query, headers, body: JSON.stringify(data), isAnonymous: true })
  return http.cookies ? { access_token: '' } : (tokens as Tokens)
}

/** How often a token is renewed that is refused. */
const MOST_RENEWALS = 8

/** The renewals under way: whoever asks at the same time gets the same tokens. */
const renewals = new WeakMap<Session, Promise<Tokens | null>>()

/** Resolves to the token to go on with after `refused`. null = the server has refused to renew it. */
export async function renew(http: Http, session: Session, refused: string | null): Promise<string | null> {
  const renewal = renewals.get(session) ?? renewOnce(http, session, refused).finally(() => renewals.delete(session))
  renewals.set(session, renewal)
  return (await renewal)?.access_token ?? null
}

/** Renews the tokens, unless somebody did since `refused` was sent. */
async function renewOnce(http: Http, { store }: Session, refused: string | null): Promise<Tokens | null> {
  // A refresh token can be used once, so tabs that share a store take turns.
  const locks = globalThis.navigator?.locks as LockManager | undefined
  const work = async (): Promise<Tokens | null> => {
    const kept = await store.get()
    if (kept && kept.access_token !== refused) return kept
    if (!kept && !http.cookies) return null
    const old = http.cookies ? {} : { refresh_token: kept?.refresh_token }
    const fresh = await authenticate(http, '/auth/refresh', old).catch((problem: Problem) => {
      // A server that cannot be reached has not refused anything.
      if (problem.isPassing) throw problem
      return null
    })
    await store.set(fresh)
    return fresh
  }
  return locks ? locks.request('restuary.session', work) : work()
}

/** Does something again that was refused with a token, with a new one. Rejects with the refusal if there is none. */
export async function doAgain<T>(
  http: Http,
  session: Session,
  refusal: Problem,
  token: string | null,
  work: (token: string) => Promise<T>,
): Promise<T> {
  const who = subjectOf(token)
  let last = refusal
  for (let tries = 0; tries < MOST_RENEWALS; tries++) {
    token = await renew(http, session, token)
    // If somebody else has logged in, it is not done with their token.
    if (token === null || (who !== undefined && subjectOf(token) !== who)) break
    try {
      return await work(token)
    } catch (thrown) {
      last = thrown as Problem
      // Where everything is slow, a new token may have expired as well before it is read.
      if (last.code !== 'token_expired') break
    }
  }
  throw last
}

/** The tokens are forgotten, even if the server cannot be told. */
export async function logout(http: Http, session: Session): Promise<void> {
  try {
    await http.send('POST', '/auth/logout')
  } finally {
    await session.keep(null)
  }
}

export async function refresh(http: Http, session: Session): Promise<void> {
  await renew(http, session, await session.token())
}

export async function ticket(http: Http): Promise<string> {
  return ((await http.json('POST', '/auth/ticket')) as { ticket: string }).ticket
}
