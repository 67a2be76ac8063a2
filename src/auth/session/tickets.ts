import { deserialize, serialize } from 'node:v8'
import type { Store } from '../../store/store.ts'
import type { Identity } from '../principal.ts'
import { digest } from './session.ts'
import type { AccessClaims } from './token.ts'

/** Whose a ticket is: what our own token says, or a caller who was recognised in another way. */
export type Bearer = { readonly access: AccessClaims } | { readonly identity: Identity }

/**
 * Tickets for connections whose first request cannot carry a token, such as a browser's WebSocket. A ticket may be part of a
 * URI, because it can be used only once, on whichever node, and expires after some seconds.
 */
export class Tickets {
  readonly #store: Pick<Store, 'shared'>
  readonly #seconds: number
  readonly #random: (bytes: number) => Uint8Array

  constructor(store: Pick<Store, 'shared'>, seconds: number, random: (bytes: number) => Uint8Array) {
    this.#store = store
    this.#seconds = Math.min(seconds, 30)
    this.#random = random
  }

  get seconds(): number {
    return this.#seconds
  }

  async issue(bearer: Bearer): Promise<string> {
    const ticket = Buffer.from(this.#random(32)).toString('base64url')
    const text = serialize(bearer).toString('base64')
    await this.#store.shared.update(keyOf(ticket), (_, now) => {
      return { value: undefined, text, until: now + this.#seconds * 1000 }
    })
    return ticket
  }

  /** Uses up a ticket and returns whose it was. null = it is unknown, was used, or is too old. */
  async redeem(ticket: string): Promise<Bearer | null> {
    const text = await this.#store.shared.update(keyOf(ticket), found => {
      return found === undefined ? { value: undefined } : { value: found, text: null }
    })
    return text === undefined ? null : (deserialize(Buffer.from(text, 'base64')) as Bearer)
  }
}

const keyOf = (ticket: string): string => `ticket ${digest(ticket)}`
