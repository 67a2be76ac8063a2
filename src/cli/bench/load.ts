import { Agent, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'

/** A request that is sent again and again. */
export interface Shot {
  /** What the report calls it: `GET /todo`. */
  readonly name: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Whether the answer is a stream, of which only the beginning is waited for. */
  readonly isStream?: boolean
}

/** What came of a request that was sent for a while. */
export interface Measurement {
  readonly name: string
  readonly requestsPerSecond: number
  /** Milliseconds from sending to the last byte, or to the first one of a stream. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  /** Bytes of a body, on average. */
  readonly bytes: number
  /** How many answers had each status. `failed` = the connection broke. */
  readonly answers: Readonly<Record<string, number>>
}

/** Sends a request on several connections at once, one after another on each, for some seconds. */
export async function measure(shot: Shot, connections: number, seconds: number): Promise<Measurement> {
  const options = { keepAlive: true, maxSockets: connections }
  const agent = shot.url.protocol === 'https:' ? new SecureAgent(options) : new Agent(options)
  const times: number[] = []
  const answers: Record<string, number> = {}
  let bytes = 0
  const begin = performance.now()
  const end = begin + seconds * 1_000
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      const sent = performance.now()
      const answer = await ask(shot, agent)
      answers[answer.status] = (answers[answer.status] ?? 0) + 1
      bytes += answer.bytes
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, loop))
  agent.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  return {
    name: shot.name,
    requestsPerSecond: times.length / ((performance.now() - begin) / 1_000),
    latency: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: times.at(-1)! },
    bytes: bytes / times.length,
    answers,
  }
}

function ask({ url, headers, isStream }: Shot, agent: Agent): Promise<{ status: string; bytes: number }> {
  return new Promise(resolve => {
    const send = url.protocol === 'https:' ? secureRequest : request
    const sent = send(url, { agent, headers }, response => {
      let bytes = 0
      const finish = (): void => resolve({ status: String(response.statusCode), bytes })
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (isStream !== true) return
        finish()
        sent.destroy()
      })
      response.on('end', finish)
    })
    sent.on('error', () => resolve({ status: 'failed', bytes: 0 }))
    sent.end()
  })
}
