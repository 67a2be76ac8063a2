import type { Item, List } from '../../engine/call.ts'
import { writeParameters, type Parameter } from './parameters.ts'

/**
 * The `Link` field of a page (RFC 8288): first, prev and next, each with every other parameter of the request.
 * Null for a list that is one page.
 */
export function pageLinks(path: string, parameters: readonly Parameter[], list: List): string | null {
  const paged = parameters.some(([name]) => name === 'cursor' || name === 'offset')
  if (list.next === null && list.previous === null && !paged) return null
  const kept = writeParameters(parameters.filter(([name]) => name !== 'cursor' && name !== 'offset'))
  const to = (cursor: string): string =>
    `<${path}?${kept === '' ? '' : `${kept}&`}cursor=${encodeURIComponent(cursor)}>`
  let text = `<${path}${kept === '' ? '' : `?${kept}`}>; rel="first"`
  if (list.previous !== null) text += `, ${to(list.previous)}; rel="prev"`
  if (list.next !== null) text += `, ${to(list.next)}; rel="next"`
  return text
}

/** Where the rest of an id list is that was cut at `limits.relatedIds`: the nested collections (DECISIONS A5). */
export function cutLinks(path: string, item: Item): string | null {
  if (item.cut.length === 0) return null
  return item.cut.map(name => `<${path}/${encodeURIComponent(name)}>; rel="related"; title="${name}"`).join(', ')
}
