// Subscribers under fire: connections are cut and the server is killed while writers write; in the end nobody may have
// missed, doubled or reordered anything. node test/fault/live.ts [--cuts=2000] [--kills=100] [--seed=1]
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../../bench/server.ts'
import { NativeEar, SseEar, type Ear } from './live-ears.ts'
import { contradictions, type History, type ItemRow, type LoggedCommit, type Read, type Write } from './live-history.ts'
import { views } from './live-views.ts'

export interface LiveFaults {
  readonly cuts: number
  readonly kills: number
  readonly commits: number
  /** Steps that subscribers were told. */
  readonly told: number
  /** Times that they continued from the log, and times that they got a new snapshot. */
  readonly resumed: number
  readonly snapshots: number
  readonly contradictions: readonly string[]
}

const WRITERS = 4
/** Rows above which writers delete rather than create. */
const CROWD = 30

export async function liveUnderFire(options: { readonly cuts: number; readonly kills: number }): Promise<LiveFaults> {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-live-'))
  const port = await freePort()
  const server = new Mortal(join(folder, 'live.db'), port, folder)
  const agent = new Agent({ keepAlive: true, maxSockets: WRITERS })
  const writes: Write[] = []
  const reads: Read[] = []
  const ids: number[] = []
  const over = new AbortController()
  let cuts = 0
  let kills = 0
  try {
    await server.start()
    const ears: Ear[] = views.flatMap(view => [
      new SseEar(`sse ${view.name}`, view, port).begin(),
      new SseEar(`sse ${view.name} 2`, view, port).begin(),
      new NativeEar(`native ${view.name}`, view, port).begin(),
      new NativeEar(`native ${view.name} 2`, view, port).begin(),
    ])
    const writers = Array.from({ length: WRITERS }, (_, n) => writer(n))
    while (cuts < options.cuts || kills < options.kills) {
      await sleep(2 + Math.random() * 6)
      const open = ears.filter(ear => ear.isOpen)
      if (cuts < options.cuts && open.length > 0) {
        open[Math.floor(Math.random() * open.length)]!.cut()
        cuts++
      }
      const isDue = kills < options.kills && (cuts >= options.cuts || Math.random() < options.kills / options.cuts)
      if (isDue) {
        await server.restart()
        kills++
      }
    }
    over.abort()
    await Promise.all(writers)
    const log = await readLog()
    const head = log.at(-1)?.position ?? 0
    const fresh = new Map<string, ItemRow[]>()
    for (const view of views) {
      const limit = view.uri.includes('limit') ? '' : `${view.uri.includes('?') ? '&' : '?'}limit=100000`
      fresh.set(view.name, (await call('GET', view.uri + limit)).body)
    }
    await settled(ears)
    for (const ear of ears) ear.stop()
    const history: History = { log, writes, reads, subscribers: ears, fresh }
    const heard = ears.flatMap(ear => ear.heard)
    const of = (kind: string): number => heard.filter(one => one.kind === kind).length
    return {
      cuts,
      kills,
      commits: head === 0 ? 0 : log.length,
      told: of('commit'),
      resumed: of('resumed'),
      snapshots: of('snapshot'),
      contradictions: contradictions(history),
    }
  } finally {
    over.abort()
    agent.destroy()
    await server.kill()
    rmSync(folder, { recursive: true, maxRetries: 3 })
  }

  /** Writes and reads what it wrote, until it is over; what has no answer may have happened or not. */
  async function writer(name: number): Promise<void> {
    let known = 0
    for (let n = 0; !over.signal.aborted; n++) {
      const text = `${name}.${n}`
      const group = Math.floor(Math.random() * 3)
      const id = ids.length > 0 ? ids[Math.floor(Math.random() * ids.length)]! : null
      const dice = Math.random()
      const op = id === null || dice < (ids.length > CROWD ? 0.05 : 0.3) ? 'create' : dice > 0.85 ? 'delete' : 'patch'
      const uri = op === 'create' ? '/item' : `/item/${id}`
      const method = { create: 'POST', patch: 'PATCH', delete: 'DELETE' }[op]
      const answer = await call(method, uri, op === 'delete' ? undefined : { text, group }).catch(() => null)
      if (op === 'delete') remove(id!)
      if (!answer || answer.status >= 500) {
        writes.push({ outcome: 'info', op, id, text, position: null })
        await sleep(5)
        continue
      }
      const isOk = answer.status < 300
      const own = op === 'create' ? ((answer.body?.id as number | undefined) ?? null) : id
      if (isOk && op === 'create') ids.push(own!)
      writes.push({ outcome: isOk ? 'ok' : 'fail', op, id: own, text, position: isOk ? seqOf(answer.position!) : null })
      if (!isOk) continue
      known = Math.max(known, seqOf(answer.position!))
      const read = await call('GET', `/item/${own}`, undefined, answer.position).catch(() => null)
      if (!read || read.status >= 500) continue
      reads.push({ known, id: own!, seq: read.status === 404 ? null : seqOf(read.etag!) })
    }
  }

  function remove(id: number): void {
    const at = ids.indexOf(id)
    if (at >= 0) ids.splice(at, 1)
  }

  interface Answer {
    readonly status: number
    readonly body: any
    readonly position: string | undefined
    readonly etag: string | undefined
  }

  function call(method: string, path: string, body?: object, min?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers: Record<string, string> = {}
      if (text !== undefined)
        Object.assign(headers, {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        })
      if (min !== undefined) headers['min-position'] = min
      const request = ask({ port, method, path, headers, agent }, response => {
        let all = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (all += chunk))
        response.on('error', reject)
        response.on('end', () => {
          if (!response.complete) return reject(new Error('cut off'))
          const [position, etag] = [response.headers['position'] as string | undefined, response.headers.etag]
          resolve({
            status: response.statusCode!,
            body: all === '' ? null : JSON.parse(all),
            position,
            etag: etag?.replaceAll('"', ''),
          })
        })
      })
      request.on('error', reject)
      request.end(text)
    })
  }

  async function readLog(): Promise<LoggedCommit[]> {
    const log: LoggedCommit[] = []
    let since = ''
    for (;;) {
      const { body } = await call('GET', `/changes?limit=10000${since}`)
      if (body.length === 0) return log
      for (const { position, changes } of body) {
        log.push({
          position: seqOf(position),
          changes: changes.map((one: any) => ({ seq: seqOf(one.version), id: one.id, after: one.after })),
        })
      }
      since = `&since=${body.at(-1).position}`
    }
  }
}

const seqOf = (position: string): number => Number(position.split('.')[1])

/** Until nobody has heard anything for a while. */
async function settled(ears: readonly Ear[]): Promise<void> {
  const count = (): number => ears.reduce((sum, ear) => sum + ear.heard.length, 0)
  for (let before = -1, quiet = 0; quiet < 5; before = count()) {
    quiet = count() === before ? quiet + 1 : 0
    await sleep(100)
  }
}

/** A server process that is killed and started again on the same file and port. */
class Mortal {
  readonly #file: string
  readonly #port: number
  readonly #folder: string
  #child: ChildProcess | null = null

  constructor(file: string, port: number, folder: string) {
    this.#file = file
    this.#port = port
    this.#folder = folder
  }

  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'live-server.ts'), this.#file, String(this.#port)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_COMPILE_CACHE: join(this.#folder, 'cache') },
      },
    )
    this.#child = child
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the server ended'))),
    ])
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { cuts: { type: 'string', default: '2000' }, kills: { type: 'string', default: '100' } },
  })
  const result = await liveUnderFire({ cuts: Number(values.cuts), kills: Number(values.kills) })
  console.log({ ...result, contradictions: result.contradictions.length })
  for (const one of result.contradictions.slice(0, 20)) console.log(one)
  process.exitCode = result.contradictions.length > 0 ? 1 : 0
}
