// Requests that most pages make seldom or never.
import type { Http, HttpRequest } from '../http.ts'
import type { Session } from '../session.ts'
import type { AnyRequest } from '../types/client.ts'
import type { HistoryOptions, RequestOptions, UploadOptions } from '../types/query.ts'

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
