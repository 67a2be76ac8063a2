// Which dialects there are, and what each of them adds to an API. No other file imports the dialects, so that a dialect can
// be removed by editing this one.
import type { ApiOptions } from './api-options.ts'
import type { DescribeOptions } from './describe/options.ts'
import { cast } from './dialects/blargh/cast.ts'
import { describeEnvelope } from './dialects/channels/asyncapi.ts'
import { EnvelopeFace } from './dialects/channels/face.ts'
import { checkEnvelopes } from './dialects/channels/settings.ts'
import { docsGuardOf, metaFile, metaOf } from './dialects/restaction/meta.ts'
import { metaPages } from './dialects/restaction/meta-pages.ts'
import { restactionNotation } from './dialects/restaction/notation.ts'
import { describeSocketIo } from './dialects/socketapi/asyncapi.ts'
import type { DeclarationCheck } from './model/link/link.ts'
import type { Model } from './model/model.ts'
import { jsonMode, type InputMode } from './schema/read/input-mode.ts'
import type { Notation } from './schema/notation.ts'
import type { FaceOptions } from './transport/hosts/faces.ts'
import type { Page } from './transport/http/endpoint.ts'

/** Serves a JSON file as json-server does. */
export const loadJsonServer = (): Promise<typeof import('./dialects/json-server/index.ts')> =>
  import('./dialects/json-server/index.ts')

/** How values in JSON bodies are read: exactly, or with casts. */
export function inputModeOf({ input }: Pick<ApiOptions, 'input'>): InputMode {
  return input === 'cast' ? cast : jsonMode
}

/** The notations in which documentation texts and schemas of actions may be written. */
export function notationOf({ validators }: Pick<ApiOptions, 'validators'>): Notation {
  return restactionNotation(validators)
}

/** Changes the documentation page to what clients of a dialect expect at its path. */
export function documentationOf(
  model: Model,
  { meta, auth }: Pick<ApiOptions, 'meta' | 'auth'>,
  prefix: string,
): (page: Page) => Page {
  return metaPages(model, metaFile(meta, metaOf(auth)), prefix, docsGuardOf(auth))
}

/** Checks of what dialects are told of resources. */
export const declarationChecks: readonly DeclarationCheck[] = Object.freeze([checkEnvelopes])

type Sockets = Pick<ApiOptions, 'socketio' | 'websocket'>

/** The doors on sockets beside the protocol restuary.1, unless they are closed. */
export function facesOf({ socketio = {}, websocket = {} }: Sockets): FaceOptions {
  return {
    socketio: socketio !== false && {
      ...socketio,
      words: async () => (await import('./dialects/socketapi/dialect.ts')).socketApiWords,
    },
    websocket: websocket !== false && { '': host => new EnvelopeFace(host, websocket.envelope).accept },
  }
}

/** What documents say about the open doors. */
export function socketsOf({ socketio, websocket }: Sockets): DescribeOptions['sockets'] {
  return [...(websocket === false ? [] : [describeEnvelope]), ...(socketio === false ? [] : [describeSocketIo])]
}
