// Dead peers, whatever they speak.
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { api, resource, serve, t } from '../../index.ts'

const todo = resource({ id: t.id(), text: t.text() }).public()

test.each([['restuary.1'], [undefined]])(
  'speaking %s: who answers no ping is cut off, who does is not',
  async protocol => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const served = await serve(api({ todo }, { report: () => {} }), {
      port: 0,
      signals: false,
      report: () => {},
      grace: 0,
    })
    onTestFinished(() => served.close())
    const open = async (autoPong: boolean): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${served.port}/`, protocol === undefined ? [] : [protocol], {
        autoPong,
      })
      onTestFinished(() => socket.terminate())
      await once(socket, 'open')
      return socket
    }
    const [dead, alive] = [await open(false), await open(true)]
    const closed = once(dead, 'close')
    for (let beat = 0; beat < 3; beat++) {
      const pinged = once(alive, 'ping')
      vi.advanceTimersByTime(25_000)
      await pinged
      // Its answer has come by the time that another is answered.
      alive.ping()
      await once(alive, 'pong')
    }
    expect((await closed)[0]).toBe(1006)
    expect(alive.readyState).toBe(WebSocket.OPEN)
  },
)
