import { abort } from '../../src/engine/call/reply.ts'
import { handled, type DeclaredHandled, type HandlerContext } from '../../src/model/declare/handled.ts'
import { ApiError } from '../../src/protocol/error.ts'
import { knownWords } from '../each.ts'
import { isObject } from '../object.ts'
import { Unknown } from '../result.ts'
import { words, type HandlerVector } from './vector.ts'

type Row = Record<string, unknown>

/** What handlers of a case share: collections of rows by key, and the calls that were logged. */
export interface World {
  readonly store: Record<string, Map<string, Row>>
  readonly log: unknown[]
}

/** A missing key, as Python calls it: its text is the key as Python writes it. */
class KeyError extends Error {
  override readonly name = 'KeyError'

  constructor(key: unknown) {
    super(typeof key === 'string' ? `'${key}'` : String(key))
  }
}

type Run = (ctx: HandlerContext, given: unknown) => unknown

const kinds = { creator: 'create', getter: 'get', patcher: 'patch', deleter: 'delete' }

/** Declares one recorded handler. */
export function declareHandler(vector: HandlerVector, world: World): DeclaredHandled {
  knownWords(`handler ${vector.do} with`, vector, words.handler)
  const make = Object.hasOwn(doings, vector.do) ? doings[vector.do] : undefined
  const kind = Object.hasOwn(kinds, vector.kind) ? kinds[vector.kind] : undefined
  if (!make) throw new Unknown(`handler ${vector.do}`)
  if (kind === undefined) throw new Unknown(`a handler of the kind ${vector.kind}`)
  return handled({ [vector.rule]: { [kind]: make(vector, world) } })
}

/** The arguments of a call by name, as the original's function gets them: those of the URL, and what the client sends. */
function argumentsOf({ kind }: HandlerVector, { params }: HandlerContext, given: unknown): Row {
  if (kind === 'patcher') return { ...params, patch: given }
  if (kind !== 'creator' || given === undefined) return { ...params }
  if (!isObject(given)) throw new TypeError('attributes are named')
  return { ...params, ...given }
}

/** A function of these parameters: what is missing or unknown is a TypeError. */
function bound(parameters: Readonly<Row>, given: Readonly<Row>): Row {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(parameters, name)) throw new TypeError(`unexpected argument ${name}`)
  return Object.fromEntries(
    Object.entries(parameters).map(([name, fallback]) => {
      const isGiven = Object.hasOwn(given, name)
      if (!isGiven && fallback === '$required') throw new TypeError(`missing argument ${name}`)
      return [name, isGiven ? given[name] : structuredClone(fallback)]
    }),
  )
}

const rowsOf = ({ collection = '' }: HandlerVector, { store }: World): Map<string, Row> =>
  (store[collection] ??= new Map())

const keyIn = ({ key = '' }: HandlerVector, { params }: HandlerContext): unknown => params[key]

function rowAt(vector: HandlerVector, world: World, ctx: HandlerContext): Row {
  const key = keyIn(vector, ctx)
  const found = rowsOf(vector, world).get(String(key))
  if (!found) throw new KeyError(key)
  return found
}

const doings: Readonly<Record<string, (vector: HandlerVector, world: World) => Run>> = {
  insert: (vector, world) => (ctx, given) => {
    const made = bound(vector.params ?? {}, argumentsOf(vector, ctx, given))
    const rows = rowsOf(vector, world)
    const key = Math.max(-1, ...[...rows.keys()].map(Number)) + 1
    const { withId = false } = vector
    const row = withId === false ? made : { [withId === true ? 'id' : withId]: key, ...made }
    rows.set(String(key), row)
    return row
  },
  list: (vector, world) => () => [...rowsOf(vector, world).values()],
  get: (vector, world) => ctx => rowAt(vector, world, ctx),
  getOrNull: (vector, world) => ctx => rowsOf(vector, world).get(String(keyIn(vector, ctx))) ?? null,
  merge: (vector, world) => (ctx, patch) => {
    const row = rowAt(vector, world, ctx)
    if (!isObject(patch)) throw new TypeError('a patch is an object')
    for (const [name, value] of Object.entries(patch)) if (vector.fields?.includes(name) ?? true) row[name] = value
    return vector.returns
  },
  remove: (vector, world) => ctx => {
    rowAt(vector, world, ctx)
    rowsOf(vector, world).delete(String(keyIn(vector, ctx)))
    return vector.returns
  },
  mutatePatch: vector => (_, given) => {
    const patch = given as Row
    for (const name of vector.unset ?? []) delete patch[name]
    Object.assign(patch, vector.set)
    return vector.returns
  },
  log: (vector, world) => (ctx, given) => {
    world.log.push({ as: vector.as, args: structuredClone(argumentsOf(vector, ctx, given)) })
    return vector.returns ?? vector.value
  },
  returnArgs: vector => (ctx, given) => ({ args: argumentsOf(vector, ctx, given) }),
  return: vector => () => vector.value,
  throw: vector => () => {
    throw errorOf(vector)
  },
  abort: vector => () => abort(vector.status ?? 404),
  nothing: () => () => undefined,
  returnUnserialisable: () => () => ({ n: 1n }),
}

/** One of the library's errors, or any other. */
function errorOf({ error = 'Error', message = '' }: HandlerVector): Error {
  switch (error) {
    case 'NotFoundError':
      return new ApiError('not_found', { error, detail: message })
    case 'InvalidRequestError':
    case 'InvalidURIError':
    case 'SocketAPIError':
      return new ApiError('bad_request', { error, detail: message })
    case 'KeyError':
      return new KeyError(message)
    default:
      return Object.assign(new Error(message), { name: error })
  }
}

/** The ancestor's todo example: ids are texts of digits that the server chooses, and nothing deletes. */
export function declareTodo({ store }: World): DeclaredHandled {
  const rows = (store['todos'] ??= new Map())
  return handled({
    '/todo/': {
      create: (_, attributes) => {
        if (!isObject(attributes)) throw new TypeError('attributes are named')
        const { text, completed } = bound({ bar: null, text: '', completed: false }, attributes)
        const made = { id: String(140_000_000_000_000 + rows.size * 16), text, completed }
        rows.set(made.id, made)
        return made
      },
      get: () => [...rows.values()],
    },
    '/todo/<id_>': {
      get: ({ params }) => rows.get(params['id_']) ?? null,
      patch: ({ params }, patch) => {
        if (!isObject(patch)) throw new TypeError('a patch is an object')
        for (const [name, value] of Object.entries(patch)) {
          const row = rows.get(params['id_'])
          if (!row) throw new KeyError(params['id_'])
          row[name] = value
        }
      },
    },
  })
}
