import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Limits } from '../../protocol/limits.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import type { Asked, Dialect } from './dialect.ts'
import { SocketSession, type SessionWire } from './session.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

interface World {
  readonly session: SocketSession<Asked>
  /** What was done and sent, in order. */
  readonly log: unknown[]
  /** A message that is done once `go` is called. */
  slow(kind: 'read' | 'write', name: string): { readonly asked: Asked; go(): void }
}

/** A session whose messages say what they ask for. */
function world(isSerial: boolean, limits: Partial<Limits> = {}, more: Partial<SessionWire> = {}): World {
  const app = api({ note: resource({ id: t.id() }).public() }, { limits, clock: () => 0, report: () => {} })
  onTestFinished(() => app.close())
  const log: unknown[] = []
  const { engine, handled, published, http } = app
  const onFault = (error: unknown): void => void log.push(['fault', error])
  const dialect: Dialect<Asked> = {
    isSerial,
    read: message => message,
    refuse: error => log.push(error.code),
    bye: error => log.push(['bye', error.code]),
  }
  const session = new SocketSession<Asked>({
    host: { engine, handled, published, live: http.live!, admission: null, onFault },
    wire: { write: () => {}, buffered: 0, close: (...why) => log.push(['close', ...why]), ...more },
    credentials: { face: 'websocket', header: () => undefined },
    identity: null,
    dialect: () => dialect,
  })
  return {
    session,
    log,
    slow: (kind, name) => {
      const gate = Promise.withResolvers<void>()
      const run = async (): Promise<() => void> => {
        log.push(`${name} begins`)
        await gate.promise
        return () => log.push(`${name} is done`)
      }
      return { asked: { kind, run, refuse: error => log.push([name, error.code]) }, go: gate.resolve }
    },
  }
}

describe('requests', () => {
  test('that read go on side by side, a write waits for them and is waited for', async () => {
    const { session, log, slow } = world(false)
    const [a, b, write, c] = [slow('read', 'a'), slow('read', 'b'), slow('write', 'w'), slow('read', 'c')]
    for (const { asked } of [a, b, write, c]) session.receive(asked)
    for (const { go } of [b, a, write, c]) {
      go()
      await turn()
    }
    expect(log.join()).toBe('a begins,b begins,b is done,a is done,w begins,w is done,c begins,c is done')
  })

  test('of a serial dialect are done one after the other', async () => {
    const { session, log, slow } = world(true)
    const [a, b] = [slow('read', 'a'), slow('read', 'b')]
    for (const { asked } of [a, b]) session.receive(asked)
    b.go()
    await turn()
    a.go()
    await turn()
    expect(log).toEqual(['a begins', 'a is done', 'b begins', 'b is done'])
  })

  test('of a serial dialect are answered before anything is told that has happened since', async () => {
    const written: string[] = []
    const { session } = world(true, {}, { write: bytes => void written.push(String(bytes)) })
    const read = Promise.withResolvers<string>()
    const run = async (): Promise<() => void> => {
      const answer = await read.promise
      return () => session.tell(Buffer.from(answer))
    }
    session.mailbox.push(Buffer.from('before '))
    session.receive({ kind: 'read', run, refuse: error => session.tell(Buffer.from(`refused: ${error.code} `)) })
    session.mailbox.push(Buffer.from('one '))
    session.mailbox.push(Buffer.from('two '))
    await turn()
    expect(written).toEqual(['before '])
    read.resolve('answer ')
    await turn()
    await turn()
    expect(written).toEqual(['before ', 'answer one two '])
    session.receive({
      kind: 'read',
      run: () => Promise.reject(new ApiError('not_found')),
      refuse: error => session.tell(Buffer.from(`refused: ${error.code} `)),
    })
    session.mailbox.push(Buffer.from('three '))
    await turn()
    await turn()
    expect(written.slice(2).join('')).toBe('three refused: not_found ')
  })

  test('that fail are refused with the error; only faults of the server are reported', async () => {
    const { session, log } = world(true)
    const fault = new TypeError('ours')
    for (const thrown of [new ApiError('conflict'), fault])
      session.receive({ kind: 'read', run: () => Promise.reject(thrown), refuse: error => log.push(error.code) })
    await turn()
    expect(log).toEqual(['conflict', ['fault', fault], 'internal'])
  })

  test('that wait when their client goes are done if they write, and forgotten if they do not', async () => {
    const { session, log, slow } = world(true)
    const [a, read, write] = [slow('read', 'a'), slow('read', 'r'), slow('write', 'w')]
    for (const { asked } of [a, read, write]) session.receive(asked)
    session.close()
    session.receive(slow('write', 'late').asked)
    a.go()
    await turn()
    expect(log).toEqual(['a begins', 'a is done', 'w begins'])
  })
})

describe('too many requests', () => {
  test('are refused, and a client that goes on is disconnected', () => {
    const { session, log, slow } = world(false, { messageBurst: 2 })
    for (let i = 0; i < 6; i++) session.receive(slow('read', `${i}`).asked)
    expect(log).toEqual([
      '0 begins',
      '1 begins',
      'rate_limited',
      'rate_limited',
      ['bye', 'rate_limited'],
      ['close', 'flooding', 'rate_limited'],
    ])
  })

  test('under way are read no further where the connection can wait', async () => {
    const heard: string[] = []
    const wire = { pause: () => void heard.push('pause'), resume: () => void heard.push('resume') }
    const { session, slow } = world(false, { messageBurst: 1_000 }, wire)
    const all = Array.from({ length: 64 }, (_, i) => slow('read', `${i}`))
    for (const { asked } of all) session.receive(asked)
    expect(heard).toEqual(['pause'])
    all[7]!.go()
    await turn()
    expect(heard).toEqual(['pause', 'resume'])
  })
})
