import type { Limits } from '../../protocol/limits.ts'
import type { InputMode } from './input-mode.ts'

/** The arguments of an action, as decoded by the transport. */
export interface Arguments {
  readonly value: unknown
  readonly mode: InputMode
  readonly files?: readonly { readonly name: string; readonly file: File }[]
}

/** An HTTP request for an action. */
export interface ArgumentRequest {
  /** The method of the action. */
  readonly method: string
  /** The part after the `?`, still encoded. */
  readonly query: string
  readonly contentType: string | undefined
  body(): Promise<Uint8Array>
}

export type ArgumentReader = (request: ArgumentRequest, limits: Limits) => Arguments | Promise<Arguments>
