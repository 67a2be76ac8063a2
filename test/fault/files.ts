// SIGKILL of a server while clients send, replace and remove files, again and again. What was answered must be there, byte by
// byte; what nobody was answered is there whole or not at all; and no bytes stay that no row has.
// `node test/fault/files.ts [--kills=100]`.
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { start, withProgram, type Program } from './mortal.ts'

/** The result of all kills together. All members after `acknowledged` must be zero. */
export interface FileTally {
  kills: number
  acknowledged: number
  /** Rows whose file is neither the one acknowledged last nor the one sent last. */
  lost: number
  /** Files whose bytes differ from those that their row describes. */
  damaged: number
  /** Files that no row has, once they were due. */
  left: number
}

/** What a client knows about its row: digests of the files that it may have. null = no file. */
interface Known {
  id: number
  may: Set<string | null>
}

/** The number of clients. Each has its own row. */
const CLIENTS = 8
/** Milliseconds that a server lives at most after it has answered a few writes. */
const LIFE = 100

/** A fault of the server's files that has to be found: they stay, or are said to be kept before they are. */
export type Planted = 'none' | 'keeps' | 'early'

export async function killFileServers(kills: number, planted: Planted = 'none'): Promise<FileTally> {
  const tally: FileTally = { kills: 0, acknowledged: 0, lost: 0, damaged: 0, left: 0 }
  await withProgram('file-server', ['0', planted], async (program, directory) => {
    const path = join(directory, 'doc.db')
    const rows: Known[] = []
    for (let hours = 0; tally.kills < kills; hours += 2) {
      const server = await start(program, [path, String(hours), planted])
      const url = `http://127.0.0.1:${server.port}`
      if (hours > 0) await check(url, rows, `${path}-files`, tally)
      while (rows.length < CLIENTS) rows.push({ id: await create(url), may: new Set([null]) })
      const clients = rows.map(row => write(url, row, tally))
      const { acknowledged } = tally
      while (tally.acknowledged < acknowledged + CLIENTS) await sleep(2)
      await sleep(randomInt(LIFE))
      await server.kill('SIGKILL')
      await Promise.all(clients)
      tally.kills++
    }
    await checkLast(program, [path, '100000', planted], rows, tally)
  })
  return tally
}

async function checkLast(program: Program, args: string[], rows: Known[], tally: FileTally): Promise<void> {
  const server = await start(program, args)
  await check(`http://127.0.0.1:${server.port}`, rows, `${args[0]!}-files`, tally)
  await server.kill('SIGTERM')
}

async function create(url: string): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/doc`, { method: 'POST', headers, body: '{"title":"a"}' })
  return ((await answer.json()) as { id: number }).id
}

/** Sends, replaces and removes the file of its row until the server is gone. */
async function write(url: string, row: Known, tally: FileTally): Promise<void> {
  for (;;) {
    const bytes = randomInt(4) === 0 ? null : randomBytes(randomInt(300_000))
    const digest = bytes && digestOf(bytes)
    row.may.add(digest)
    try {
      const { status } = await (randomInt(2) === 0 ? put(url, row.id, bytes) : form(url, row.id, bytes))
      if (status >= 500) throw new Error(`answered ${status}`)
    } catch {
      return // whatever it was, it is done or not
    }
    row.may = new Set([digest])
    tally.acknowledged++
  }
}

function put(url: string, id: number, bytes: Buffer | null): Promise<Response> {
  const at = `${url}/doc/${id}/photo`
  return bytes === null ? fetch(at, { method: 'DELETE' }) : fetch(at, { method: 'PUT', body: new Uint8Array(bytes) })
}

function form(url: string, id: number, bytes: Buffer | null): Promise<Response> {
  const at = `${url}/doc/${id}`
  const headers = { 'content-type': 'application/json' }
  if (bytes === null) return fetch(at, { method: 'PATCH', headers, body: '{"photo":null}' })
  const body = new FormData()
  body.set('title', 'b')
  body.set('photo', new Blob([new Uint8Array(bytes)]))
  return fetch(at, { method: 'PATCH', body })
}

/** Checks all rows and their bytes, and that the folder has no other files. */
async function check(url: string, rows: readonly Known[], folder: string, tally: FileTally): Promise<void> {
  const versions = new Set<string>()
  for (const row of rows) {
    const { photo } = (await (await fetch(`${url}/doc/${row.id}`)).json()) as {
      photo: { digest: string; version: string } | null
    }
    if (!row.may.has(photo?.digest ?? null)) tally.lost++
    row.may = new Set([photo?.digest ?? null])
    const answer = await fetch(`${url}/doc/${row.id}/photo`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (photo === null ? answer.status !== 404 : digestOf(bytes) !== photo.digest) tally.damaged++
    if (photo) versions.add(photo.version)
  }
  // Files that are due are deleted in the background.
  const left = (): string[] => filesIn(folder).filter(name => !versions.has(name))
  for (let i = 0; i < 50 && left().length > 0; i++) await sleep(20)
  tally.left += left().length
}

function filesIn(folder: string): string[] {
  try {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    return found.filter(one => one.isFile()).map(one => one.name)
  } catch {
    return [] // nothing has come yet
  }
}

function digestOf(bytes: Buffer): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '100' } } })
  const tally = await killFileServers(Number(values.kills))
  console.log(tally)
  process.exitCode = tally.lost + tally.damaged + tally.left === 0 ? 0 : 1
}
