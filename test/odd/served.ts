// A file as `restuary serve FILE --public` serves it, without a port.
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Api } from '../../src/api.ts'
import { apiOf } from '../../src/cli/serve.ts'
import { readSource, type DataFile } from '../../src/cli/source.ts'
import type { OddJson } from './json-files.ts'
import type { OddSqlite } from './sqlite-files.ts'

export type Body = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

/** Sends a request with a JSON body, if there is one. */
export type Send = (method: string, path: string, body?: unknown) => Promise<Answer>

export interface ServedFile {
  readonly file: string
  readonly source: DataFile
  readonly app: Api<any>
  readonly send: Send
  readonly close: () => Promise<void>
}

export function makeFile(file: string, odd: OddSqlite | OddJson): void {
  if ('text' in odd) return writeFileSync(file, odd.text)
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, enableDoubleQuotedStringLiterals: true })
  db.exec(odd.sql)
  db.close()
}

export function served(file: string): ServedFile {
  const source = readSource(file, { readOnly: false })
  const app = apiOf(source, {
    public: true,
    readOnly: false,
    report: () => {},
    http: { overload: false },
    // Pages are compared as a whole, however long their rows are.
    limits: { messageRate: 1e9, messageBurst: 1e9, listBytes: 2 ** 30 },
  })
  return { file, source, app, send: sender(app), close: () => app.close() }
}

/** Sends requests to an Api without a port. */
export function sender(app: Api<any>): Send {
  return async (method, path, body) => {
    const response = await app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    )
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
}

/** All pages of a list, by its `next` links; `most` rows are more than it can have. */
export async function walk({ send }: ServedFile, path: string, limit: number, most: number): Promise<Body[]> {
  const rows: Body[] = []
  let next: string | null = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`
  while (next !== null) {
    const { status, headers, body } = await send('GET', next)
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)} to ${next}`)
    rows.push(...(body as Body[]))
    if (rows.length > most) throw new Error(`it does not end: ${rows.length} rows of ${most}`)
    const link = /<([^>]*)>; rel="next"/.exec(headers.get('link') ?? '')
    next =
      link === null
        ? null
        : new URL(link[1]!, 'http://localhost/').pathname + new URL(link[1]!, 'http://localhost/').search
  }
  return rows
}
