import { ApiError } from '../../../protocol/error.ts'
import type { Principal } from '../../../engine/call/call.ts'
import type { Resource, Row } from '../../../model/model.ts'
import type { Frame } from '../../../live/event.ts'
import type { Live } from '../../../live/live.ts'
import type { Kind } from '../../../live/subscriptions/source.ts'
import { withoutEphemeral } from '../../../store/ephemeral/sides.ts'
import type { Commit } from '../../../store/store.ts'
import { wantsStream } from '../../sse/accept.ts'
import { followAsStream, streamFields } from '../../sse/face.ts'
import type { Exchange } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from '../response/send.ts'
import { readParameters } from '../request/parameters.ts'
import type { Service } from '../endpoint.ts'
import type { Terms } from '../../../store/terms.ts'

/** How many changes a page has by default. */
const PAGE = 1_000
/** How many changes a page has at most. */
const MOST = 10_000
/** How many changes are read from the log at a time. */
const STEP = 20

/**
 * `GET /changes?since=`: the change log itself, for callers who may see everything. It is a page of commits with a link to the
 * next, or a stream of commits for clients that accept `text/event-stream`. Hidden fields are left out.
 */
export function changesService(live: Live, path: string, allowed: (who: Principal | null) => boolean): Service {
  return {
    path: '/changes',
    methods: ['GET', 'HEAD', 'OPTIONS'],
    serve: async (face, exchange) => {
      const who = (await face.engine.authenticate?.(exchange)) ?? null
      if (!allowed(who)) throw new ApiError(who ? 'forbidden' : 'unauthenticated')
      const words = wordsOf(exchange, face)
      if (!wantsStream(exchange.accept)) return sendPage(face, exchange, { live, path }, words)
      if (exchange.method === 'HEAD') return exchange.send(200, streamFields(face, exchange), null)
      return sendAll(face, exchange, live, exchange.header('last-event-id') ?? words.since)
    },
  }
}

/** What is asked for: commits after a position (null = from the beginning), with about so many changes. */
interface ChangesQuery {
  readonly since: string | null
  readonly limit: number
}

function wordsOf(exchange: Exchange, face: Face): ChangesQuery {
  const words = new Map<string, string>()
  for (const [name, value] of readParameters(exchange.query, face.engine.limits.parameters)) {
    if (name !== 'since' && name !== 'limit') throw refused('unknown_param', name, 'There is no such parameter here')
    if (words.has(name)) throw refused('duplicate', name, 'may be given once')
    words.set(name, value)
  }
  const limit = words.get('limit')
  if (limit !== undefined && !/^[1-9][0-9]{0,8}$/.test(limit)) throw refused('range', 'limit', 'must be 1 or more')
  return { since: words.get('since') ?? null, limit: Math.min(Number(limit ?? PAGE), MOST) }
}

function refused(code: 'unknown_param' | 'duplicate' | 'range', parameter: string, detail: string): ApiError {
  return new ApiError(code === 'unknown_param' ? 'unknown_param' : 'validation', {
    issues: [{ code, parameter, detail }],
  })
}

async function sendPage(
  face: Face,
  exchange: Exchange,
  { live, path }: { readonly live: Live; readonly path: string },
  { since, limit }: ChangesQuery,
): Promise<void> {
  const texts: string[] = []
  let position = ''
  let last: string | null = null
  // The log is read a few changes at a time, so that a page of large rows ends early instead of filling the memory.
  for (let [changes, bytes] = [0, 0]; changes < limit && bytes < face.engine.limits.pageBytes;) {
    const page = await live.commits(last ?? since, Math.min(STEP, limit - changes))
    position ||= page.position
    if (page.commits === null) {
      const detail =
        'the log does not reach back to this position; read everything anew and go on from the position given'
      throw new ApiError('gone', { detail, members: { position } })
    }
    if (page.commits.length === 0) break
    for (const commit of page.commits) {
      if (bytes >= face.engine.limits.pageBytes) break
      last = live.terms.position(commit.position)
      const shown = withoutEphemeral(commit)
      if (shown === null) continue
      const text = printCommit(shown, live.terms)
      texts.push(text)
      bytes += text.length
      changes += shown.changes.length + shown.published.length
    }
  }
  const body = `[${texts.join(',')}]`
  const fields = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))]
  fields.push('cache-control', 'no-store', 'position', position)
  if (last !== null) fields.push('link', `<${path}?since=${last}&limit=${limit}>; rel="next"`)
  finishResponse(face, exchange, 200, fields, body)
}

/** The log as something to follow: commits, or null if it cannot tell what happened. */
interface Log extends Kind {
  readonly step: { readonly commits: readonly Commit[] | null; readonly position: string }
}

async function sendAll(face: Face, exchange: Exchange, live: Live, since: string | null): Promise<void> {
  await followAsStream<Log>(face, live, exchange, {
    fields: () => streamFields(face, exchange),
    teller: { snapshot: () => null, batch: ({ commits, position }) => commitsFrame(commits, position, live.terms) },
    begin: async stream => {
      stream.resumed()
      const stop = await live.follow((commits, position) => {
        // A follower that is too slow is disconnected, and can resume where it was.
        if (!stream.isClosed && !stream.batch({ commits, position })) stream.close()
      }, since)
      // A commit comes with its position. There is none in between.
      return { drained: () => {}, flush: () => {}, isFollowing: false, close: stop }
    },
    changed: stream => stream.end(new ApiError('unauthenticated')),
  })
}

function commitsFrame(commits: readonly Commit[] | null, position: string, terms: Terms): Frame {
  if (commits === null) return Buffer.from(`event: reset\nid: ${position}\ndata: {"position":"${position}"}\n\n`)
  const events = commits
    .map(withoutEphemeral)
    .filter(commit => commit !== null)
    .map(commit => `event: commit\nid: ${terms.position(commit.position)}\ndata: ${printCommit(commit, terms)}\n\n`)
  return Buffer.from(events.join(''))
}

/** A commit as JSON text. */
function printCommit(commit: Commit, terms: Terms): string {
  return JSON.stringify({
    position: terms.position(commit.position),
    at: new Date(commit.at).toISOString(),
    changes: commit.changes.map(({ resource, id, op, before, after, lists, seq }) => ({
      version: terms.position(seq),
      resource: resource.name,
      id,
      op,
      before: before && plain(resource, before),
      after: after && plain(resource, after),
      ...(lists.length > 0 && { lists }),
    })),
    ...(commit.published.length > 0 && {
      published: commit.published.map(({ seq, uri, op, body }) => ({
        version: terms.position(seq),
        uri,
        op,
        data: body === null ? null : (JSON.parse(body) as unknown),
      })),
    }),
  })
}

function plain(resource: Resource, row: Row): Record<string, unknown> {
  return Object.fromEntries(resource.columns.filter(field => !field.hidden).map(field => [field.name, row[field.slot]]))
}
