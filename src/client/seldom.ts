// What most pages ask for seldom or never: logging in and out, files, history, any other request. It is loaded when it is needed.
import { jsonOf, type Http, type HttpRequest } from './http.ts'
import type { Problem } from './problem.ts'
import type { Session } from './session.ts'
import type { AnyRequest } from './types/client.ts'
import type { HistoryOptions, RequestOptions, UploadOptions } from './types/query.ts'

export async function login(http: Http, session: Session, credentials: unknown): Promise<void> {
  await session.keep(await http.authenticate('/auth/token', credentials))
}

/** The tokens are forgotten, even if the server cannot be told. */
export async function logout(http: Http, session: Session): Promise<void> {
  try {
    await http.send('POST', '/auth/logout')
  } finally {
    await session.keep(null)
  }
}

export async function refresh(session: Session): Promise<void> {
  await session.renew(await session.token())
}

export async function ticket(http: Http): Promise<string> {
  return ((await send(http, 'POST', '/auth/ticket')) as { ticket: string }).ticket
}

/** Sends any request. Resolves to its JSON. */
export async function send(http: Http, method: string, path: string, request: AnyRequest = {}): Promise<unknown> {
  const { data, headers, ...more } = request
  const isJson = data !== undefined
  const sent: HttpRequest = {
    ...more,
    headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    body: isJson ? JSON.stringify(data) : undefined,
  }
  return jsonOf(await http.send(method, path, sent))
}

/** Writes what two writers of a row agree on. Rejects with the problem if it is no conflict, or they do not agree. */
export async function mergeAgain(
  problem: Problem,
  mine: unknown,
  base: unknown,
  merge: (current: unknown, mine: unknown, base: unknown) => unknown,
  write: (merged: unknown, tag: unknown) => Promise<unknown>,
): Promise<unknown> {
  const { current, etag } = problem.document
  const merged = problem.code === 'precondition_failed' && current ? merge(current, mine, base) : null
  if (merged === null) throw problem
  return write(merged, etag)
}

export function history(http: Http, row: string, { signal, ...query }: HistoryOptions = {}): Promise<unknown> {
  return send(http, 'GET', `${row}/history`, { query, ...(signal && { signal }) })
}

export async function upload(http: Http, file: string, body: BodyInit, options: UploadOptions = {}): Promise<unknown> {
  const { name = (body as File).name, type = (body as Blob).type, ifMatch, signal } = options
  const headers = {
    'content-type': type || 'application/octet-stream',
    'content-disposition': name && `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    'if-match': ifMatch && `"${ifMatch}"`,
  }
  return jsonOf(await http.send('PUT', file, { body, headers, signal }))
}

export function download(http: Http, file: string, { signal }: RequestOptions = {}): Promise<Response> {
  return http.send('GET', file, { headers: { accept: '*/*' }, signal })
}
