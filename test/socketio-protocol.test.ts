// The protocols below Socket.IO as its clients see them: Engine.IO (https://github.com/socketio/engine.io-protocol) in both
// versions and Socket.IO packets (https://github.com/socketio/socket.io-protocol), with WebSockets and requests of their own,
// then with the real client.
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { WebSocket } from 'ws'
import { api, resource, t } from '../src/index.ts'
import { served } from './speakers.ts'

const todo = resource({ id: t.id(), text: t.text() }).public()

async function open(legacy = false): Promise<{ origin: string; app: ReturnType<typeof make> }> {
  const app = make(legacy)
  return { origin: `127.0.0.1:${await served(app)}`, app }
}

const make = (legacy: boolean) =>
  api({ todo }, { report: () => {}, onFault: () => {}, socketio: { legacy }, http: { log: () => {} } })

/** Packets of a payload: version 4 separates them, version 3 counts their characters. */
function packetsOf(payload: string, version: 3 | 4): string[] {
  if (version === 4) return payload.split('\x1e')
  const packets: string[] = []
  for (let rest = payload; rest !== '';) {
    const colon = rest.indexOf(':')
    const end = colon + 1 + Number(rest.slice(0, colon))
    packets.push(rest.slice(colon + 1, end))
    rest = rest.slice(end)
  }
  return packets
}

const payloadOf = (packets: readonly string[], version: 3 | 4): string =>
  version === 4 ? packets.join('\x1e') : packets.map(packet => `${packet.length}:${packet}`).join('')

/** A WebSocket whose messages wait until somebody asks for them. */
class Line {
  readonly socket: WebSocket
  readonly #heard: string[] = []
  #isClosed = false
  #wake: () => void = () => {}

  constructor(url: string) {
    this.socket = new WebSocket(url)
    this.socket.on('message', data => {
      this.#heard.push(String(data))
      this.#wake()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
    onTestFinished(() => this.socket.terminate())
  }

  async next(): Promise<string> {
    while (this.#heard.length === 0) {
      if (this.#isClosed) throw new Error('closed')
      await this.#more()
    }
    return this.#heard.shift()!
  }

  send(...packets: (string | Uint8Array)[]): void {
    for (const packet of packets) this.socket.send(packet)
  }

  /** Resolves when it is closed, with what came before. */
  async closed(): Promise<string[]> {
    while (!this.#isClosed) await this.#more()
    return this.#heard
  }

  #more(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }
}

describe.each([4, 3] as const)('Engine.IO %i', version => {
  const target = (origin: string, rest: string): string => `http://${origin}/socket.io/?EIO=${version}&${rest}`
  const polling = (origin: string, sid = ''): string =>
    target(origin, `transport=polling${sid === '' ? '' : `&sid=${sid}`}`)
  const websocket = (origin: string, sid = ''): string =>
    target(origin, `transport=websocket${sid === '' ? '' : `&sid=${sid}`}`).replace('http', 'ws')
  const poll = async (url: string): Promise<string[]> => packetsOf(await (await fetch(url)).text(), version)
  const post = (url: string, ...packets: string[]): Promise<Response> =>
    fetch(url, { method: 'POST', body: payloadOf(packets, version) })
  /** A polling session; the old version joins the namespace by itself. */
  const session = async (origin: string): Promise<string> => {
    const [handshake] = await poll(polling(origin))
    return JSON.parse(handshake!.slice(1)).sid
  }

  test('opens a session by polling and by WebSocket', async () => {
    const { origin } = await open(version === 3)
    const response = await fetch(polling(origin))
    expect(response.status).toBe(200)
    const [handshake] = packetsOf(await response.text(), version)
    const opened = { sid: expect.any(String), pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 262_144 }
    expect(handshake![0]).toBe('0')
    expect(JSON.parse(handshake!.slice(1))).toEqual({ ...opened, upgrades: ['websocket'] })
    const line = new Line(websocket(origin))
    expect(JSON.parse((await line.next()).slice(1))).toEqual({ ...opened, upgrades: [] })
  })

  test('refuses what is no handshake', async () => {
    const { origin } = await open(version === 3)
    const status = async (url: string, method = 'GET'): Promise<number> => (await fetch(url, { method })).status
    const base = `http://${origin}/socket.io/`
    // Every version but 4 is taken for the old one, where that is served.
    expect(await status(`${base}?transport=polling&EIO=abc`)).toBe(version === 4 ? 400 : 200)
    expect(await status(`${base}?EIO=${version}`)).toBe(400)
    expect(await status(`${base}?EIO=${version}&transport=abc`)).toBe(400)
    expect(await status(polling(origin), 'POST')).toBe(400)
    expect(await status(polling(origin), 'PUT')).toBe(400)
    expect(await status(polling(origin, 'nobody'))).toBe(400)
    for (const rest of ['transport=abc', 'transport=websocket&sid=nobody'])
      await new Line(target(origin, rest).replace('http', 'ws')).closed()
  })

  test('closes a session whose payload is none, and one that is polled twice at once', async () => {
    const { origin } = await open(version === 3)
    const broken = polling(origin, await session(origin))
    if (version === 3) await poll(broken)
    await (await fetch(broken, { method: 'POST', body: 'abc' })).text()
    expect((await fetch(broken)).status).toBe(400)

    const twice = polling(origin, await session(origin))
    if (version === 3) await poll(twice)
    const answers = await Promise.all([fetch(twice), fetch(`${twice}&t=burst`)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]))
    expect((await fetch(twice)).status).toBe(400)
    const line = new Line(websocket(origin))
    await line.next()
    line.send('abc')
    await line.closed()
  })

  test('closes a session on request', async () => {
    const { origin } = await open(version === 3)
    const url = polling(origin, await session(origin))
    if (version === 3) await poll(url)
    const [left] = await Promise.all([poll(url), post(url, '1')])
    expect(left).toEqual(['6'])
    expect((await fetch(url)).status).toBe(400)
  })

  test('upgrades, and then ignores the former transport', async () => {
    const { origin } = await open(version === 3)
    const sid = await session(origin)
    if (version === 3) await poll(polling(origin, sid))
    const line = new Line(websocket(origin, sid))
    await once(line.socket, 'open')
    line.send('2probe')
    expect(await line.next()).toBe('3probe')
    line.send('5')
    if (version === 4) {
      line.send('40')
      expect(await line.next()).toMatch(/^40\{"sid":/)
    }
    line.send('421["subscribe","/todo"]')
    expect(await line.next()).toMatch(/^42\["state",/)
    expect((await fetch(polling(origin, sid))).status).toBe(400)
    await new Line(websocket(origin, sid)).closed()
    line.send('422["unsubscribe","/todo"]')
    expect(await line.next()).toMatch(/^43/)
  })

  test('serves by polling alone', async () => {
    const { origin } = await open(version === 3)
    const url = polling(origin, await session(origin))
    if (version === 3) expect(await poll(url)).toEqual(['40'])
    else {
      await post(url, '40')
      expect((await poll(url))[0]).toMatch(/^40\{"sid":/)
    }
    expect(await (await post(url, '421["create",{"uri":"/todo/","attributes":{"text":"ü✓"}},{}]')).text()).toBe('ok')
    const [answer] = await poll(url)
    expect(JSON.parse(answer!.slice(3))).toMatchObject([{ status: 201, data: { id: 1, text: 'ü✓' } }])
  })
})

describe('Socket.IO packets', () => {
  const line = async (): Promise<Line> => {
    const { origin } = await open()
    const opened = new Line(`ws://${origin}/socket.io/?EIO=4&transport=websocket`)
    await opened.next()
    return opened
  }
  const joined = async (): Promise<Line> => {
    const opened = await line()
    opened.send('40')
    await opened.next()
    return opened
  }

  test('join the namespace, with a payload or without', async () => {
    for (const packet of ['40', '40{"token":"123"}']) {
      const opened = await line()
      opened.send(packet)
      expect(JSON.parse((await opened.next()).slice(2))).toEqual({ sid: expect.any(String) })
    }
  })

  test('join no other namespace, which ends nothing', async () => {
    const opened = await joined()
    opened.send('40/random')
    expect(await opened.next()).toBe('44/random,{"message":"Invalid namespace"}')
    opened.send('421["subscribe","/todo"]')
    expect(await opened.next()).toMatch(/^42\["state"/)
  })

  test('that are none close the connection', async () => {
    const broken = ['4abc', '4', '40{"token":', '42{}', '42["create"', '4999', '452-["create",{"_placeholder":true}]']
    for (const packet of broken) {
      const opened = await joined()
      opened.send(packet)
      // Attachments may still come: then anything else than one is wrong.
      if (packet.startsWith('45')) opened.send('42["subscribe","/todo"]')
      await opened.closed()
    }
  })

  test('before the namespace is joined do nothing, and end the connection', async () => {
    const { origin, app } = await open()
    const opened = new Line(`ws://${origin}/socket.io/?EIO=4&transport=websocket`)
    await opened.next()
    opened.send('421["create",{"uri":"/todo/","attributes":{"text":"a"}},{}]', '40')
    await opened.closed()
    expect(await app.list('todo')).toEqual([])
  })

  test('that leave the namespace and join it at once end the connection', async () => {
    const opened = await joined()
    opened.send('42["subscribe","/todo"]')
    await opened.next()
    opened.send('41', '40')
    expect(await opened.closed()).toEqual([])
  })

  test('with attachments are refused in words', async () => {
    const opened = await joined()
    opened.send('451-1["create",{"_placeholder":true,"num":0},{}]', Uint8Array.of(1, 2, 3))
    const answer = await opened.next()
    expect(JSON.parse(answer.slice(answer.indexOf('[')))).toMatchObject([{ error: expect.any(String) }])
  })

  test('with an id are acknowledged with that id, others are not', async () => {
    const opened = await joined()
    opened.send('42["create",{"uri":"/todo/","attributes":{"text":"a"}}]')
    opened.send('42456["create",{"uri":"/todo/","attributes":{"text":"b"}},{}]')
    expect(await opened.next()).toMatch(/^43456\[\{"status":201,"data":\{"id":2,/)
  })
})

describe('the client', () => {
  const connect = async (origin: string, options: Partial<ManagerOptions & SocketOptions> = {}): Promise<Socket> => {
    const socket = io(`http://${origin}`, { forceNew: true, ...options })
    onTestFinished(() => void socket.disconnect())
    await once(socket as never, 'connect')
    return socket
  }

  test('upgrades from polling and loses nothing on the way', async () => {
    const { origin } = await open()
    const socket = await connect(origin, { transports: ['polling', 'websocket'] })
    const heard: number[] = []
    socket.on('create', ({ resource }) => heard.push(resource.id))
    await socket.emitWithAck('subscribe', '/todo/', {})
    const { engine } = socket.io
    const upgraded = engine.transport.name === 'websocket' ? null : once(engine as never, 'upgrade')
    const answers = Array.from({ length: 50 }, (_, i) =>
      socket.emitWithAck('create', { uri: '/todo/', attributes: { text: `${i}` } }, {}),
    )
    const ids = (await Promise.all(answers)).map(({ data }) => data.id)
    await upgraded
    await socket.emitWithAck('unsubscribe', '/todo/')
    expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    expect(heard).toEqual(ids)
    expect(socket.io.engine.transport.name).toBe('websocket')
  })

  test('connects again after its connection broke, and what it sent meanwhile arrives', async () => {
    const { origin } = await open()
    const socket = await connect(origin, { transports: ['websocket'], reconnectionDelay: 1, randomizationFactor: 0 })
    const first = socket.id
    const again = once(socket as never, 'connect')
    socket.io.engine.close()
    const answer = socket.emitWithAck('create', { uri: '/todo/', attributes: { text: 'kept' } }, {})
    await again
    expect(socket.id).not.toBe(first)
    expect(await answer).toMatchObject({ status: 201, data: { text: 'kept' } })
  })

  test('that retries an event with its key creates one row', async () => {
    const { origin, app } = await open()
    const socket = await connect(origin, { transports: ['websocket'] })
    const create = (): Promise<any> =>
      socket.emitWithAck('create', { uri: '/todo/', attributes: { text: 'once' } }, { key: 'a-key-of-its-own' })
    const [one, other] = [await create(), await create()]
    expect(other.data).toEqual(one.data)
    expect(await app.list('todo')).toHaveLength(1)
  })

  test('hears why it is disconnected when the server closes', async () => {
    const { origin, app } = await open()
    const socket = await connect(origin, { transports: ['websocket'], reconnection: false })
    const gone = once(socket as never, 'disconnect')
    await app.close()
    socket.io.engine.close()
    expect(['io server disconnect', 'transport close', 'forced close']).toContain(((await gone) as unknown[])[0])
  })
})
