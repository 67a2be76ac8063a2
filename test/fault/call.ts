import { Agent, request as ask, type IncomingHttpHeaders } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: any
  readonly headers: IncomingHttpHeaders
}

export type Caller = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>

/** Sends requests to a port of this machine over so many connections. Rejects if an answer is incomplete. */
export function callerOf(port: number, connections: number): Caller & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const call: Caller = (method, path, body, more) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers: Record<string, string> = { ...more }
      if (text !== undefined) {
        headers['content-type'] = 'application/json'
        headers['content-length'] = String(Buffer.byteLength(text))
      }
      const request = ask({ port, method, path, headers, agent }, response => {
        let all = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (all += chunk))
        response.on('error', reject)
        response.on('end', () => {
          if (!response.complete) return reject(new Error('cut off'))
          resolve({
            status: response.statusCode!,
            body: all === '' ? null : JSON.parse(all),
            headers: response.headers,
          })
        })
      })
      request.on('error', reject)
      request.end(text)
    })
  return Object.assign(call, { close: () => agent.destroy() })
}

/** The number in a position or a version. */
export const seqOf = (position: string): number => Number(position.replaceAll('"', '').split('.')[1])
