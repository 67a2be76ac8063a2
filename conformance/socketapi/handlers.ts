import { ApiError } from '../../src/protocol/error.ts'
import { handled, type DeclaredHandled, type HandlerContext } from '../../src/model/handled.ts'
import type { HandlerVector } from './vector.ts'

/** What handlers of a case share: collections of rows by key, and the calls that were logged. */
export interface World {
  readonly store: Readonly<Record<string, Map<string, Record<string, unknown>>>>
  readonly log: unknown[]
}

/** A missing key, as Python calls it. */
class KeyError extends Error {
  override readonly name = 'KeyError'
}

type Run = (ctx: HandlerContext, given: unknown) => unknown

const kinds = { creator: 'create', getter: 'get', patcher: 'patch', deleter: 'delete' }

/** Declares one recorded handler; a text names what the runner does not know. */
export function declareHandler(vector: HandlerVector, world: World): DeclaredHandled | string {
  const run = runOf(vector, world)
  if (typeof run === 'string') return run
  const kind = kinds[vector.kind]
  return handled({ [vector.rule]: { [kind]: run } })
}

function runOf(vector: HandlerVector, { store, log }: World): Run | string {
  const rows = store[vector.collection ?? ''] ?? new Map<string, Record<string, unknown>>()
  const keyOf = ({ params }: HandlerContext): string => String(params[vector.key ?? ''])
  const row = (ctx: HandlerContext): Record<string, unknown> => {
    const found = rows.get(keyOf(ctx))
    if (!found) throw new KeyError(keyOf(ctx))
    return found
  }
  switch (vector.do) {
    case 'insert':
      return (_, given) => {
        const made = argumentsOf(vector.params ?? {}, given as Record<string, unknown>)
        rows.set(String(Math.max(-1, ...[...rows.keys()].map(Number)) + 1), made)
        return made
      }
    case 'list':
      return () => [...rows.values()]
    case 'get':
      return row
    case 'getOrNull':
      return ctx => rows.get(keyOf(ctx)) ?? null
    case 'merge':
      return (ctx, patch) => {
        const found = row(ctx)
        for (const [name, value] of Object.entries(patch as object))
          if (vector.fields?.includes(name) ?? true) found[name] = value
        return vector.returns
      }
    case 'remove':
      return ctx => {
        row(ctx)
        rows.delete(keyOf(ctx))
        return vector.returns
      }
    case 'mutatePatch':
      return (_, given) => {
        const patch = given as Record<string, unknown>
        for (const name of vector.unset ?? []) delete patch[name]
        Object.assign(patch, vector.set)
      }
    case 'log':
      return ({ params }, patch) => {
        log.push({
          as: vector.as,
          args: { ...params, ...(patch === undefined ? {} : { patch: structuredClone(patch) }) },
        })
      }
    case 'returnArgs':
      return ({ params }, given) => ({ args: { ...params, ...(given as object | undefined) } })
    case 'return':
      return () => vector.value
    case 'throw':
      return () => {
        throw errorOf(vector)
      }
    case 'abort':
      return () => {
        throw new ApiError('not_found', { status: vector.status ?? 404 })
      }
    case 'nothing':
      return () => undefined
    case 'returnUnserialisable':
      return () => ({ n: 1n })
    default:
      return `handler ${vector.do}`
  }
}

/** A function of named arguments: what is missing or unknown is a TypeError. */
function argumentsOf(
  params: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  for (const name of Object.keys(given)) if (!(name in params)) throw new TypeError(`unexpected argument ${name}`)
  return Object.fromEntries(
    Object.entries(params).map(([name, fallback]) => {
      const isGiven = Object.hasOwn(given, name)
      if (!isGiven && fallback === '$required') throw new TypeError(`missing argument ${name}`)
      return [name, isGiven ? given[name] : fallback]
    }),
  )
}

/** One of the library's errors, or any other. */
function errorOf({ error = 'Error', message = '' }: HandlerVector): Error {
  switch (error) {
    case 'NotFoundError':
      return new ApiError('not_found', { detail: message })
    case 'InvalidRequestError':
    case 'InvalidURIError':
    case 'SocketAPIError':
      return new ApiError('bad_request', { error, detail: message })
    default:
      return Object.assign(new Error(message), { name: error })
  }
}
