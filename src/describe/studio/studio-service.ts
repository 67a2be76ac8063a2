import { plainCredentials, type Principal } from '../../auth/principal.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Service } from '../../transport/http/endpoint.ts'
import type { Exchange } from '../../transport/http/exchange.ts'
import type { Face } from '../../transport/http/face.ts'
import { mediaOf, readJson } from '../../transport/http/request/body.ts'
import { finishResponse } from '../../transport/http/response/send.ts'
import type { StudioOptions } from './studio-options.ts'

/** What a caller may do in the studio. */
export interface May {
  readonly lookAs: boolean
}

type Rules = Required<StudioOptions>

/** A service that shows something to those who may use the studio. */
export function readsStudio(path: string, rules: Rules, report: (who: Principal | null, may: May) => unknown): Service {
  return {
    path,
    methods: ['GET', 'HEAD', 'OPTIONS'],
    serve: async (face, exchange) => {
      const who = await admitted(face, exchange, rules)
      sendJson(face, exchange, await report(who, { lookAs: rules.lookAs(who, plainCredentials(exchange)) }))
    },
  }
}

/** A service that answers a question, which is a JSON object. */
export function asksStudio(
  path: string,
  rules: Rules,
  answer: (asked: Readonly<Record<string, unknown>>, asking: Asking) => unknown,
): Service {
  return {
    path,
    methods: ['POST', 'OPTIONS'],
    serve: async (face, exchange) => {
      const who = await admitted(face, exchange, rules)
      // A form on the page of a stranger cannot send JSON (Fetch §4.8).
      mediaOf(exchange, 'POST', face.engine.limits.body)
      const asked = await readJson(exchange, face.engine.limits)
      if (typeof asked !== 'object' || asked === null || Array.isArray(asked))
        throw new ApiError('validation', { issues: [{ code: 'type', pointer: '#', detail: 'must be an object' }] })
      sendJson(face, exchange, await answer(asked as Readonly<Record<string, unknown>>, { who, face, exchange }))
    },
  }
}

/** Who asks, and over which request. */
export interface Asking {
  readonly who: Principal | null
  readonly face: Face
  readonly exchange: Exchange
}

async function admitted(face: Face, exchange: Exchange, { use }: Rules): Promise<Principal | null> {
  const who = (await face.engine.authenticate?.(exchange)) ?? null
  if (!use(who, plainCredentials(exchange))) throw refusedToUse(who)
  return who
}

/** The refusal of somebody whom a rule of the studio does not admit. */
export function refusedToUse(who: Principal | null): ApiError {
  return new ApiError(who ? 'forbidden' : 'unauthenticated', { detail: 'a rule of the studio does not allow this' })
}

/** A fault of what was asked, at one of its members. */
export function misasked(member: string, detail: string): ApiError {
  return new ApiError('validation', { issues: [{ code: 'type', pointer: `#/${member}`, detail }] })
}

function sendJson(face: Face, exchange: Exchange, value: unknown): void {
  const body = JSON.stringify(value)
  const length = String(Buffer.byteLength(body))
  const fields = ['content-type', 'application/json', 'content-length', length, 'cache-control', 'no-store']
  finishResponse(face, exchange, 200, fields, body)
}
