import { outlineOf, sortOrders } from '../../model/outline.ts'
import type { FollowedOutline } from '../../protocol/outline.ts'
import type { Follow } from './dialect.ts'

/** What a client is told of the resource that it begins to follow; null if functions serve it. */
export function outlineFor(follow: Follow): FollowedOutline | null {
  if (!('call' in follow)) return null
  const { resource, query } = follow.call
  return { ...outlineOf(resource), sort: sortOrders(resource, query?.sort ?? []) }
}
