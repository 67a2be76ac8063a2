import { parseArgs } from 'node:util'

/** The operations of clients in a run. */
export const OPS = ['get', 'hot', 'unchanged', 'list', 'patch', 'post', 'mixed'] as const
export type Op = (typeof OPS)[number]

/** How SQLite makes commits durable, in every server of a run alike. */
export type Sync = 'NORMAL' | 'FULL'

export interface Options {
  /** Names of servers; empty = the default ones. */
  readonly only: readonly string[]
  readonly ops: readonly Op[]
  readonly rounds: number
  /** Length of one round of one server and one operation. */
  readonly seconds: number
  readonly sync: Sync
  readonly connections: number
  /** Rows in each server's table. */
  readonly rows: number
  /** Where results go: `bench/results/NAME.json`. */
  readonly out: string
}

/** Reads the command line. Throws for options that are not known. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      ops: { type: 'string', default: 'get,list,patch,post' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      sync: { type: 'string', default: 'NORMAL' },
      connections: { type: 'string', default: '50' },
      rows: { type: 'string', default: '10000' },
      out: { type: 'string', default: '' },
    },
  })
  const sync = values.sync.toUpperCase()
  if (sync !== 'NORMAL' && sync !== 'FULL') throw new Error(`--sync is NORMAL or FULL, not ${values.sync}`)
  const connections = positive('connections', values.connections)
  return {
    only: words(values.only),
    ops: words(values.ops).map(opOf),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    sync,
    connections,
    rows: positive('rows', values.rows),
    out: values.out === '' ? `${sync.toLowerCase()}-${connections}` : values.out,
  }
}

const words = (text: string): string[] => text.split(',').filter(word => word !== '')

function opOf(word: string): Op {
  const op = OPS.find(one => one === word)
  if (op === undefined) throw new Error(`--ops knows ${OPS.join(', ')}, not ${word}`)
  return op
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} is a number above 0, not ${text}`)
  return value
}
