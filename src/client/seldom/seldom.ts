// What most pages ask for seldom or never: logging in and out, files, history, any other request. It is loaded when it is needed.
import type { Http, HttpRequest } from '../http.ts'
import type { Problem } from '../problem.ts'
import type { Session, Tokens } from '../session.ts'
import type { AnyRequest } from '../types/client.ts'
import type { HistoryOptions, RequestOptions, UploadOptions } from '../types/query.ts'

export { batch } from './batch.ts'

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

/** Renews the tokens, unless somebody did since `refused` was sent. null = the server has refused the old ones. */
export async function renew(http: Http, session: Session, refused: string | null): Promise<Tokens | null> {
  const { store } = session
  // A refresh token can be used once, so tabs that share a store take turns.
  const locks = globalThis.navigator?.locks as LockManager | undefined
  const work = async (): Promise<Tokens | null> => {
    const kept = await store.get()
    if (kept && kept.access_token !== refused) return kept
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

/** The tokens are forgotten, even if the server cannot be told. */
export async function logout(http: Http, session: Session): Promise<void> {
  try {
    await http.send('POST', '/auth/logout')
  } finally {
    await session.keep(null)
  }
}

export async function refresh(_: Http, session: Session): Promise<void> {
  await session.renew(await session.token())
}

export async function ticket(http: Http): Promise<string> {
  return ((await http.json('POST', '/auth/ticket')) as { ticket: string }).ticket
}

/** Sends any request. Resolves to its JSON. */
export async function send(
  http: Http,
  _: Session,
  method: string,
  path: string,
  request: AnyRequest = {},
): Promise<unknown> {
  const { data, headers, ...more } = request
  const isJson = data !== undefined
  const sent: HttpRequest = {
    ...more,
    headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    body: isJson ? JSON.stringify(data) : undefined,
  }
  return http.json(method, path, sent)
}

/**
 * Writes what two writers of a row agree on, again if there is a third one. Rejects with the problem if it is no conflict, or
 * they do not agree.
 */
export async function mergeAgain(
  problem: Problem,
  mine: unknown,
  base: unknown,
  merge: (current: unknown, mine: unknown, base: unknown) => unknown,
  write: (merged: unknown, tag: unknown) => Promise<unknown>,
): Promise<unknown> {
  if (problem.code !== 'precondition_failed') throw problem
  const { current, etag } = problem.document
  // A refusal that is repeated, because its answer was lost, does not have the row. A new key asks for it.
  const merged = current ? merge(current, mine, base ?? null) : mine
  if (merged === null) throw problem
  return write(merged, etag).catch((next: Problem) => {
    if (!next.document['current']) throw next
    return mergeAgain(next, merged, current ?? base, merge, write)
  })
}

export function history(http: Http, row: string, { signal, ...query }: HistoryOptions = {}): Promise<unknown> {
  return http.json('GET', `${row}/history`, { query, signal })
}

export async function upload(
  http: Http,
  row: string,
  field: string,
  body: BodyInit,
  options: UploadOptions = {},
): Promise<unknown> {
  const { name = (body as File).name, type = (body as Blob).type, ifMatch, signal } = options
  const headers = {
    'content-type': type || 'application/octet-stream',
    'content-disposition': name && `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    'if-match': ifMatch && `"${ifMatch}"`,
  }
  return http.json('PUT', `${row}/${field}`, { body, headers, signal })
}

export function download(http: Http, row: string, field: string, { signal }: RequestOptions = {}): Promise<Response> {
  return http.send('GET', `${row}/${field}`, { headers: { accept: '*/*' }, signal })
}
