import type { Item, List } from '../../../engine/call/call.ts'
import { writeParameters, type Parameter } from '../request/parameters.ts'

/** The URIs of a list and of the pages around it. They keep all other parameters of the request. */
export interface PageTargets {
  readonly self: string
  /** null if the list is a single page. */
  readonly first: string | null
  readonly prev: string | null
  readonly next: string | null
}

/**
 * The targets of a list's links (RFC 8288). A list that fits on one page links to itself only; cursors replace `cursor` and
 * `offset` and keep all other parameters.
 */
export function pageTargets(path: string, parameters: readonly Parameter[], list: List): PageTargets {
  const paged = parameters.some(([name]) => name === 'cursor' || name === 'offset')
  const all = writeParameters(parameters)
  const self = `${path}${all === '' ? '' : `?${all}`}`
  if (list.next === null && list.previous === null && !paged) return { self, first: null, prev: null, next: null }
  const kept = writeParameters(parameters.filter(([name]) => name !== 'cursor' && name !== 'offset'))
  const to = (cursor: string | null): string | null =>
    cursor === null ? null : `${path}?${kept === '' ? '' : `${kept}&`}cursor=${encodeURIComponent(cursor)}`
  return { self, first: `${path}${kept === '' ? '' : `?${kept}`}`, prev: to(list.previous), next: to(list.next) }
}

/** The `Link` field of a page (RFC 8288); null if the list is a single page. */
export function pageLinks(path: string, parameters: readonly Parameter[], list: List): string | null {
  if (list.next === null && list.previous === null && parameters.length === 0) return null
  const { first, prev, next } = pageTargets(path, parameters, list)
  if (first === null) return null
  let text = `<${first}>; rel="first"`
  if (prev !== null) text += `, <${prev}>; rel="prev"`
  if (next !== null) text += `, <${next}>; rel="next"`
  return text
}

/** Links to the nested collections whose ids were cut at `limits.relatedIds` (protocol §2.4). */
export function cutLinks(path: string, item: Item): string | null {
  if (item.cut.length === 0) return null
  return item.cut.map(name => `<${path}/${encodeURIComponent(name)}>; rel="related"; title="${name}"`).join(', ')
}
