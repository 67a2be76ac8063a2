import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../object.ts'
import { answerRules, events, keyOf, pushRules, type Followed } from './departures.ts'
import type { ChannelsCase, Members, StreamVector } from './vector.ts'

/** A request that waits for its answer. */
interface Waiting {
  readonly stream: string
  readonly payload: Members
  readonly rows: readonly Members[]
}

/** Knows, of each client, what it follows and which of its requests wait for an answer: what departures look at. */
export class Expectation {
  readonly #one: ChannelsCase
  readonly #note: (id: string) => void
  readonly #followed = new Map<string, Followed[]>()
  readonly #waiting = new Map<string, Waiting[]>()
  /** Pushes that are told here and were not there, by client; and those that are not. */
  readonly #more = new Map<string, Members[]>()
  readonly #fewer: { readonly model: string; readonly row: Members; readonly looked: Set<string> }[] = []

  constructor(one: ChannelsCase, note: (id: string) => void) {
    this.#one = one
    this.#note = note
  }

  forget(client: string): void {
    this.#followed.delete(client)
    this.#waiting.delete(client)
  }

  /** A request goes out. */
  sent(client: string, message: unknown, rows: readonly Members[]): void {
    if (!isObject(message) || !isObject(message['payload'])) return
    const { payload } = message
    const stream = String(message['stream'])
    this.#of(this.#waiting, client).push({ stream, payload, rows })
    const { data } = payload
    if (payload['action'] === 'subscribe' && isObject(data) && events.has(data['action'])) {
      const pk = payload['pk'] ?? data['pk'] ?? null
      this.#of(this.#followed, client).push({ stream, action: data['action'], pk })
    }
    if (payload['action'] === 'unsubscribe') {
      const own = this.#of(this.#followed, client)
      const at = own.findIndex(one => one.stream === stream && isObject(data) && one.action === data['action'])
      if (at >= 0) own.splice(at, 1)
    }
  }

  /** A write that the ancestor did not tell. */
  alsoPushed(model: string, action: string, row: Members, pk: unknown): void {
    for (const [client, followed] of this.#followed)
      for (const one of followed) {
        const stream = this.#one.setup.streams[one.stream]
        if (stream?.model !== model || one.action !== action) continue
        if (one.pk !== null && String(one.pk) !== String(pk)) continue
        const data = Object.fromEntries((stream.fields ?? Object.keys(row)).map(name => [name, row[name]]))
        this.#of(this.#more, client).push({ stream: one.stream, payload: { action, pk, data, model: `vec.${model}` } })
        this.#note('every-writer-is-logged')
      }
  }

  /** A write that changed nothing, and left the row as it is. */
  notPushed(model: string, row: Members): void {
    this.#fewer.push({ model, row, looked: new Set() })
  }

  /** What a client has to hear, instead of what was recorded. */
  of(client: string, recorded: readonly Members[]): Members[] {
    const frames = recorded.flatMap(frame => this.#frame(client, frame))
    return [...frames, ...this.#of(this.#more, client).splice(0)]
  }

  #frame(client: string, frame: Members): Members[] {
    const { payload } = frame
    if (!isObject(payload)) return [frame]
    const name = String(frame['stream'])
    const stream: StreamVector | null = this.#one.setup.streams[name] ?? null
    if ('response_status' in payload) {
      const waiting = this.#of(this.#waiting, client)
      const at = waiting.findIndex(({ payload: asked }) => isAnswer(payload, asked))
      if (at < 0) return [frame]
      const [asked] = waiting.splice(at, 1)
      const found = { stream, payload: asked!.payload, answer: payload, rows: asked!.rows }
      for (const { id, rewrite } of answerRules) {
        const other = rewrite(found)
        if (!other) continue
        this.#note(id)
        return [{ ...frame, payload: other }]
      }
      return [frame]
    }
    if (!('model' in payload)) return [frame]
    const followed = this.#of(this.#followed, client)
    const rule = pushRules.find(({ drops }) => drops({ stream, payload, followed, name }))
    const { pk, action, data } = payload
    const unchanged = this.#fewer.find(
      ({ model, row, looked }) =>
        stream?.model === model &&
        action === 'update' &&
        !looked.has(client) &&
        keyOf(row) === pk &&
        isObject(data) &&
        Object.entries(data).every(([field, value]) => isDeepStrictEqual(row[field], value)),
    )
    if (rule) this.#note(rule.id)
    if (unchanged) {
      unchanged.looked.add(client)
      this.#note('unchanged-is-not-told')
    }
    return rule || unchanged ? [] : [frame]
  }

  #of<T>(map: Map<string, T[]>, client: string): T[] {
    const found = map.get(client)
    if (found) return found
    const made: T[] = []
    map.set(client, made)
    return made
  }
}

function isAnswer(payload: Members, asked: Members): boolean {
  return (
    JSON.stringify(payload['request_id'] ?? null) === JSON.stringify(asked['request_id'] ?? null) &&
    JSON.stringify(payload['action'] ?? null) === JSON.stringify(asked['action'] ?? null)
  )
}
