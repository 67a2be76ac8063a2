import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Dialect } from './load.ts'
import type { Op, Options } from './options.ts'
import type { Command } from './server.ts'

/** A server that takes part. */
export interface Contender extends Command {
  readonly dialect: Dialect
  /** Operations that it knows; absent = all. */
  readonly ops?: readonly Op[]
}

const todos: Dialect = { base: '/todos', list: '?sort=title&limit=25', patch: 'PATCH' }

/** Ours, and those written by hand that it is held against. */
const OWN = ['restuary', 'uncached', 'raw', 'fastify', 'constant']

interface Peer {
  readonly file: string
  readonly args?: readonly string[]
  readonly dialect?: Dialect
}

/** Servers of other frameworks, as a peers folder names them: `http/FILE`, started with `--port --db --sync --rows`. */
const PEERS: Readonly<Record<string, Peer>> = {
  hono: { file: 'hono.mjs' },
  express: { file: 'express.mjs' },
  feathers: {
    file: 'feathers.mjs',
    args: ['--store=knex'],
    dialect: { ...todos, list: '?$sort[title]=1&$limit=25' },
  },
  remult: {
    file: 'remult.mjs',
    args: ['--on=fastify'],
    dialect: { base: '/api/todo', list: '?_sort=title&_limit=25', patch: 'PUT' },
  },
}

/** The servers of a run by name: those asked for, or ours, raw, Fastify and the peers that are there. */
export function contendersOf(options: Options): Map<string, Contender> {
  const found = new Map<string, Contender>()
  for (const name of OWN) found.set(name, own(name, options))
  const folder = process.env['RESTUARY_PEERS']
  if (folder !== undefined) {
    for (const [name, peer] of Object.entries(PEERS)) {
      if (existsSync(`${folder}/http/${peer.file}`)) found.set(name, peerOf(folder, peer, options))
    }
  }
  const names = options.only.length > 0 ? options.only : [...found.keys()].filter(name => name !== 'constant')
  return new Map(
    names.map(name => {
      const contender = found.get(name)
      if (contender === undefined) throw new Error(`--only knows ${[...found.keys()].join(', ')}, not ${name}`)
      return [name, contender]
    }),
  )
}

function own(name: string, { sync, rows }: Options): Contender {
  const isUncached = name === 'uncached'
  const file = fileURLToPath(new URL(`servers/${isUncached ? 'restuary' : name}.ts`, import.meta.url))
  const more = isUncached ? ['--uncached'] : []
  const settings = [`--sync=${sync}`, `--rows=${rows}`, ...more]
  const contender: Contender = {
    command: (port, db) => [process.execPath, file, `--port=${port}`, `--db=${db}`, ...settings],
    dialect: todos,
  }
  return name === 'constant' ? { ...contender, ops: ['get'] } : contender
}

function peerOf(folder: string, peer: Peer, { sync, rows }: Options): Contender {
  return {
    command: (port, db) => [
      process.execPath,
      `${folder}/http/${peer.file}`,
      `--port=${port}`,
      `--db=${db}`,
      `--sync=${sync}`,
      `--rows=${rows}`,
      ...(peer.args ?? []),
    ],
    cwd: folder,
    dialect: peer.dialect ?? todos,
  }
}
