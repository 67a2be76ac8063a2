import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { has, LOAD_CORE, pinned } from './machine.ts'
import type { Op } from './options.ts'

/** The requests to one server in one round. */
export interface Load {
  /** `send` = the body, posted to the base. */
  readonly op: Op | 'send'
  readonly port: number
  readonly connections: number
  readonly seconds: number
  readonly rows: number
  readonly dialect: Dialect
  /** Bearer token of the caller. Absent = anonymous. */
  readonly caller?: string
  readonly body?: object
}

/** How a server spells the same requests. */
export interface Dialect {
  /** URI of the collection. */
  readonly base: string
  /** Query of the list of 25 by title. */
  readonly list: string
  /** Method of a partial change. */
  readonly patch: string
}

export interface Measured {
  readonly requests: number
  readonly seconds: number
  /** Answers that were no 2xx, and connections that broke. */
  readonly failed: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const run = promisify(execFile)
let runs = 0

/** wrk where it is installed; otherwise a small client of our own, which is slower and so measures latency less well. */
export const generator: 'wrk' | 'client.ts' = has('wrk') ? 'wrk' : 'client.ts'

/** Keeps `connections` requests running for some seconds, and returns their figures. */
export async function drive(load: Load): Promise<Measured> {
  const { op, port, connections, seconds, rows, dialect, caller, body } = load
  const url = `http://127.0.0.1:${port}`
  const environment = {
    OP: op,
    BASE: dialect.base,
    LIST: dialect.list,
    PATCH: dialect.patch,
    ROWS: String(rows),
    RUN: `${process.pid}-${++runs}`,
    ...(caller !== undefined && { CALLER: caller }),
    ...(body !== undefined && { BODY: JSON.stringify(body) }),
  }
  const command =
    generator === 'wrk'
      ? ['wrk', '-t1', `-c${connections}`, `-d${Math.ceil(seconds)}s`, '-s', fileOf('ops.lua'), url]
      : [process.execPath, fileOf('client.ts'), url, String(connections), String(seconds)]
  const [file, ...args] = pinned(command, LOAD_CORE)
  const { stdout } = await run(file!, args, { env: { ...process.env, ...environment } })
  const line = stdout.trimEnd().split('\n').at(-1)!
  return JSON.parse(line) as Measured
}
