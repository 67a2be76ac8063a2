// Subscribers under fire: connections are cut and the server is killed while writers write; in the end nobody may have
// missed, doubled or reordered anything. node test/fault/live.ts [--cuts=2000] [--kills=100]
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { callerOf, seqOf, type Answer } from './call.ts'
import { NativeEar, SseEar, type Ear } from './live-ears.ts'
import { EnvelopeEar } from './live-envelope-ear.ts'
import { contradictions, type History, type Read, type Write } from './live-history.ts'
import { ADMIN, lists, users } from './live-model.ts'
import { SocketIoEar } from './live-socketio-ear.ts'
import { recordOf, type Audience, type ItemRow, type LoggedCommit } from './live-state.ts'
import { views } from './live-views.ts'
import { start, withProgram } from './mortal.ts'

export interface LiveFaults {
  readonly cuts: number
  readonly kills: number
  readonly commits: number
  /** How many steps subscribers received. */
  readonly told: number
  /** Times that they continued from the log, and times that they got a new snapshot. */
  readonly resumed: number
  readonly snapshots: number
  readonly contradictions: readonly string[]
  /** Subscribers that have not received the last row in time, with what they had then. */
  readonly deaf: readonly string[]
}

const WRITERS = 4
/** Rows above which writers delete rather than create. */
const CROWD = 30
/** The default of `deaf`. */
const DEAF = 120_000

interface Options {
  readonly cuts: number
  readonly kills: number
  /** Milliseconds after which a subscriber is deaf that has not received the last row. */
  readonly deaf?: number
}

/** What is under fire. */
export interface Target {
  /** Where it is now. */
  readonly port: () => number
  /** Kills it, or a part of it, and repairs it. */
  readonly strike: () => Promise<void>
  readonly close: () => Promise<void>
}

export function liveUnderFire(options: Options): Promise<LiveFaults> {
  return withProgram('live-server', [], async (program, folder) => {
    const file = join(folder, 'live.db')
    let server = await start(program, [file])
    const target: Target = {
      port: () => server.port,
      strike: async () => {
        await server.kill('SIGKILL')
        server = await start(program, [file])
      },
      close: () => server.kill('SIGKILL'),
    }
    return underFire(target, options)
  })
}

/** Fires at a target while subscribers listen and writers write, and checks what they have seen. Closes it at the end. */
export async function underFire(target: Target, options: Options): Promise<LiveFaults> {
  const { port } = target
  let call = callerOf(port(), WRITERS)
  const writes: Write[] = []
  const reads: Read[] = []
  const ids: number[] = []
  const over = new AbortController()
  let cuts = 0
  let kills = 0
  try {
    await settle()
    const ears: Ear[] = views.flatMap(view => [
      new SseEar(`sse ${view.name}`, view, port).begin(),
      new SseEar(`sse ${view.name} 2`, view, port).begin(),
      new NativeEar(`native ${view.name}`, view, port).begin(),
      new NativeEar(`native ${view.name} 2`, view, port).begin(),
      new SocketIoEar(`socketio ${view.name}`, view, port).begin(),
      // The envelope follows whole streams.
      ...(view.uri === '/item' ? [new EnvelopeEar(`envelope ${view.name}`, view, port).begin()] : []),
    ])
    const writers = Array.from({ length: WRITERS }, (_, n) => writer(n))
    // How many subscribers are connected when the server dies: from none, because all are reconnecting, to all.
    const crowd = (): number => Math.floor(Math.random() * (ears.length + 1))
    let due = crowd()
    while (cuts < options.cuts || kills < options.kills) {
      await sleep(2 + Math.random() * 6)
      const open = ears.filter(ear => ear.isOpen)
      if (kills < options.kills && kills * options.cuts <= cuts * options.kills) {
        if (open.length < due) continue
        await target.strike()
        call.close()
        call = callerOf(port(), WRITERS)
        kills++
        due = crowd()
      } else if (cuts < options.cuts && open.length > ears.length / 4) {
        open[Math.floor(Math.random() * open.length)]!.cut()
        cuts++
      }
    }
    over.abort()
    await Promise.all(writers)
    const last = await writeLast()
    const deaf = await haveHeardOf(last, ears, options.deaf ?? DEAF)
    const log = await readLog()
    const head = log.at(-1)?.position ?? 0
    const fresh = new Map<string, ItemRow[]>()
    for (const view of views) {
      const limit = view.uri.includes('limit') ? '' : `${view.uri.includes('?') ? '&' : '?'}limit=100000`
      fresh.set(view.name, (await insist('GET', view.uri + limit, undefined, view.me)).body)
    }
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
      deaf,
    }
  } finally {
    over.abort()
    call.close()
    await target.close()
  }

  /** The users and lists that there are from the beginning. */
  async function settle(): Promise<void> {
    for (const id of users) await insist('PUT', `/user/${id}`, {})
    for (const id of lists) await insist('PUT', `/list/${id}`, { owner: id, members: [] })
  }

  function asAdmin(method: string, uri: string, body?: object): Promise<Answer> {
    return call(method, uri, body, { 'x-user': `${ADMIN}` })
  }

  /** Other people may see the items of a list. */
  async function share(): Promise<void> {
    const owner = pick(users)
    const members = users.filter(() => Math.random() < 0.3)
    await asAdmin('PATCH', `/list/${pick(lists)}`, Math.random() < 0.5 ? { owner } : { members }).catch(() => null)
  }

  /** Asks again if the server is overloaded, or closed an idle connection at the moment when it was used. */
  async function insist(method: string, uri: string, body?: object, me: number = ADMIN): Promise<Answer> {
    for (;;) {
      const answer = await call(method, uri, body, { 'x-user': `${me}` }).catch(() => null)
      if (answer && answer.status !== 503) return answer
      await sleep(5)
    }
  }

  /** Writes a row that every view shows: whoever has received it has received everything before. Gives its id. */
  async function writeLast(): Promise<number> {
    await insist('PATCH', '/list/1', { owner: 2, members: users })
    return (await insist('POST', '/item', { text: 'the last one', group: 1, list: 1 })).body.id as number
  }

  /** Writes, and reads what it wrote, until the end. A write without an answer may have happened or not. */
  async function writer(name: number): Promise<void> {
    let known = 0
    for (let n = 0; !over.signal.aborted; n++) {
      if (Math.random() < 0.15) await share()
      const text = `${name}.${n}`
      const group = Math.floor(Math.random() * 3)
      const id = ids.length > 0 ? ids[Math.floor(Math.random() * ids.length)]! : null
      const dice = Math.random()
      const op = id === null || dice < (ids.length > CROWD ? 0.05 : 0.3) ? 'create' : dice > 0.85 ? 'delete' : 'patch'
      const uri = op === 'create' ? '/item' : `/item/${id}`
      const method = { create: 'POST', patch: 'PATCH', delete: 'DELETE' }[op]
      const body = op === 'delete' ? undefined : { text, group, list: pick(lists) }
      const answer = await asAdmin(method, uri, body).catch(() => null)
      if (op === 'delete') remove(id!)
      if (!answer || answer.status >= 500) {
        writes.push({ outcome: 'info', op, id, text, position: null })
        await sleep(5)
        continue
      }
      const isOk = answer.status < 300
      const own = op === 'create' ? ((answer.body?.id as number | undefined) ?? null) : id
      if (isOk && op === 'create') ids.push(own!)
      writes.push({ outcome: isOk ? 'ok' : 'fail', op, id: own, text, position: isOk ? seqOf(position(answer)) : null })
      if (!isOk) continue
      known = Math.max(known, seqOf(position(answer)))
      const headers = { 'min-position': position(answer), 'x-user': `${ADMIN}` }
      const read = await call('GET', `/item/${own}`, undefined, headers).catch(() => null)
      if (!read || read.status >= 500) continue
      reads.push({ known, id: own!, seq: read.status === 404 ? null : seqOf(read.headers.etag!) })
    }
  }

  function remove(id: number): void {
    const at = ids.indexOf(id)
    if (at >= 0) ids.splice(at, 1)
  }

  async function readLog(): Promise<LoggedCommit[]> {
    const log: LoggedCommit[] = []
    const audiences = new Map<number, Audience>()
    let since = ''
    for (;;) {
      const { body } = await insist('GET', `/changes?limit=10000${since}`)
      if (body.length === 0) return log
      for (const { position, changes } of body) {
        log.push({
          position: seqOf(position),
          changes: changes.map((one: any) => recordOf({ ...one, seq: seqOf(one.version) }, audiences)),
        })
      }
      since = `&since=${body.at(-1).position}`
    }
  }
}

const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)]!

const position = ({ headers }: Answer): string => headers['position'] as string

/** Waits until all have received a row, or some are deaf: tells those. What they have missed is found by the checks. */
async function haveHeardOf(id: number, ears: readonly Ear[], patience: number): Promise<string[]> {
  const over = new AbortController()
  const late = sleep(patience, null, { signal: over.signal }).catch(() => null)
  const deaf = new Set(ears)
  const hearing = ears.map(ear => ear.hasHeardOf(id).then(() => deaf.delete(ear)))
  await Promise.race([Promise.all(hearing), late])
  over.abort()
  return [...deaf].map(({ name, isOpen, heard }) => {
    const last = heard.at(-1)
    const position = last !== undefined && 'position' in last ? last.position : 'no position'
    return `${name}: ${isOpen ? 'open' : 'not open'}, ${last?.kind ?? 'nothing'} at ${position} was the last`
  })
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
