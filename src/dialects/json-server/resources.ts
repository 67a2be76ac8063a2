import { handled, type DeclaredHandled, type HandlerContext } from '../../model/declare/handled.ts'
import type { HandledResources } from '../../engine/actions/handled-resources.ts'
import { reservedPaths } from '../../model/link/names.ts'
import { ApiError } from '../../protocol/error.ts'
import { inserted, itemAt, patchBetween, withChange } from './changes.ts'
import {
  isCollection,
  isList,
  type JsonContent,
  type JsonItem,
  type JsonItemChange,
  type JsonServerDocument,
} from './document.ts'
import { itemsOf, without } from './related.ts'

/** Whether a list can be followed under its name. Others are served over HTTP only. */
const isPlain = (name: string): boolean => /^\w[\w~-]*$/.test(name) && !RESERVED.has(`/${name}`)

const RESERVED: ReadonlySet<string | null> = new Set(Object.values(reservedPaths))

export interface FollowedOptions {
  readonly public: boolean
  readonly readOnly: boolean
  /** Sends changes of other rows to subscribers. */
  readonly tell: (changes: readonly JsonItemChange[]) => Promise<void>
}

/** Makes the lists and objects of a document resources, which can be followed, and written to on sockets. */
export function followedResources(
  document: JsonServerDocument,
  options: FollowedOptions,
): Record<string, DeclaredHandled> {
  const names = Object.entries(document.content).filter(([name, value]) => isPlain(name) && isCollection(value))
  return Object.fromEntries(
    names.map(([name, value]) => [
      name,
      handled(
        isList(value as JsonItem) ? listHandlers(document, name, options) : singleHandlers(document, name, options),
        options.public ? { public: true } : {},
      ),
    ]),
  )
}

function listHandlers(document: JsonServerDocument, name: string, { readOnly, tell }: FollowedOptions): object {
  const uri = (id: string): string => `/${name}/${id}`
  const idIn = ({ params }: HandlerContext): string => String(params['id'])
  const get = { get: () => itemsOf(document.content, name) ?? [] }
  const getItem = { get: (ctx: HandlerContext) => itemAt(document.content, name, idIn(ctx)) }
  if (readOnly) return { [`/${name}/`]: get, [`/${name}/:id`]: getItem }
  return {
    [`/${name}/`]: {
      ...get,
      create: async (_: HandlerContext, attributes: JsonItem) => {
        let item = attributes
        await document.write(content => {
          const next = inserted(content, name, attributes)
          item = next.item
          return next.content
        })
        return item
      },
    },
    [`/${name}/:id`]: {
      ...getItem,
      patch: async (ctx: HandlerContext, patch: JsonItem) => {
        await document.write(content => withChange(present(content, name, idIn(ctx)), name, idIn(ctx), merged(patch)))
      },
      delete: async (ctx: HandlerContext) => {
        const changes = await document.write(content => without(present(content, name, idIn(ctx)), name, idIn(ctx)))
        await tell(changes.filter(change => change.name !== name || uri(change.id!) !== uri(idIn(ctx))))
      },
    },
  }
}

function singleHandlers(document: JsonServerDocument, name: string, { readOnly }: FollowedOptions): object {
  const get = { get: () => itemAt(document.content, name, null) }
  const patch = async (_: HandlerContext, patch: JsonItem): Promise<void> => {
    await document.write(content => withChange(present(content, name, null), name, null, merged(patch)))
  }
  return { [`/${name}`]: readOnly ? get : { ...get, patch } }
}

const merged =
  (patch: JsonItem) =>
  (item: JsonItem): JsonItem => ({ ...item, ...patch })

function present(content: JsonContent, name: string, id: string | null): JsonContent {
  if (itemAt(content, name, id) === null)
    throw new ApiError('not_found', { detail: `${name} has no ${id ?? 'object'}` })
  return content
}

/** Sends changes to subscribers, as changes from outside. */
export async function tellChanges(
  publish: HandledResources['publish'],
  changes: readonly JsonItemChange[],
): Promise<void> {
  for (const { name, id, before, after } of changes) {
    const uri = id === null ? `/${name}` : `/${name}/${id}`
    if (!isPlain(name)) continue
    if (after === null) await publish(uri, { delete: true })
    else if (before === null) await publish(id === null ? uri : `/${name}/`, { create: after })
    else await publish(uri, { patch: patchBetween(before, after) })
  }
}
