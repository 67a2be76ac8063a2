import { plural, singular } from '../../model/link/uri-names.ts'
import { asText, idOf, isItem, withNumbers, type JsonContent, type JsonItem } from './document.ts'

/** The name of the member that refers to a row of this list: `posts` → `postId`. */
export const keyTo = (name: string): string => `${singular(name)}Id`

/** Adds to a row the rows that refer to it (`_embed=comments`) and the row that it refers to (`_expand=post`). */
export function withRelated(
  content: JsonContent,
  name: string,
  item: JsonItem,
  embedded: readonly string[],
  expanded: readonly string[],
): JsonItem {
  if (embedded.length === 0 && expanded.length === 0) return item
  const more: Record<string, unknown> = {}
  for (const other of embedded) {
    more[other] = (itemsOf(content, other) ?? []).filter(row => refersTo(row, keyTo(name), idOf(item)))
  }
  for (const one of expanded) {
    const list = itemsOf(content, plural(one))
    const wanted = withNumbers(item)[`${one}Id`]
    const found = list?.find(row => idOf(row) !== null && idOf(row) === asText(wanted))
    if (found !== undefined) more[one] = found
  }
  return { ...item, ...more }
}

/** Deletes a row, the rows that refer to it, and so on. */
export function without(content: JsonContent, name: string, id: string): JsonContent {
  const list = itemsOf(content, name)
  if (!list?.some(row => idOf(row) === id)) return content
  const rest: JsonContent = { ...content, [name]: list.filter(row => idOf(row) !== id) }
  // As json-server: `postId` means the list `posts`, and no other.
  if (plural(singular(name)) !== name) return rest
  const dependents = Object.keys(rest).flatMap(other =>
    (itemsOf(rest, other) ?? []).filter(row => refersTo(row, keyTo(name), id)).map(row => [other, idOf(row)] as const),
  )
  return dependents.reduce((left, [other, own]) => (own === null ? left : without(left, other, own)), rest)
}

export function itemsOf(content: JsonContent, name: string): readonly JsonItem[] | null {
  const value = Object.hasOwn(content, name) ? content[name] : undefined
  return Array.isArray(value) && value.every(isItem) ? value : null
}

/** Ids are compared as text: a row that was created below `/posts/1` has `"postId": "1"`. */
function refersTo(row: JsonItem, key: string, id: string | null): boolean {
  const value = withNumbers(row)[key]
  return value !== undefined && value !== null && asText(value) === id
}
