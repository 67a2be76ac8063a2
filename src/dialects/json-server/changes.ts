import { randomBytes } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'
import { idOf, isItem, withNumbers, type JsonContent, type JsonItem } from './document.ts'
import { itemsOf } from './related.ts'

/** Adds a row to a list. The row gets an id if it has none. Throws ApiError `conflict` if its id is taken. */
export function inserted(
  content: JsonContent,
  name: string,
  given: JsonItem,
): { content: JsonContent; item: JsonItem } {
  const list = itemsOf(content, name)!
  const item = given['id'] ? given : { ...given, id: nextId(list) }
  const id = idOf(item)
  if (list.some(row => idOf(row) === id))
    throw new ApiError('conflict', { issues: [{ code: 'unique', pointer: '#/id', detail: `${name} has an id ${id}` }] })
  return { content: { ...content, [name]: [...list, item] }, item }
}

/** Changes a row of a list, or a single object (`id` null), which must exist. A row keeps its id. */
export function withChange(
  content: JsonContent,
  name: string,
  id: string | null,
  change: (item: JsonItem) => JsonItem,
): JsonContent {
  const list = itemsOf(content, name)
  if (list === null) return { ...content, [name]: change(itemAt(content, name, null)!) }
  const at = list.findIndex(row => idOf(row) === id)
  const before = list[at]!
  return { ...content, [name]: list.with(at, { ...change(before), id: before['id'] }) }
}

/** The next number, or a random text if ids are texts. */
function nextId(list: readonly JsonItem[]): number | string {
  const ids = list.map(item => withNumbers(item)['id'])
  // Not `Math.max(...ids)`: a call takes some hundred thousand arguments at most.
  if (ids.every(id => typeof id === 'number')) return ids.reduce((most, id) => Math.max(most, id), 0) + 1
  return randomBytes(6).toString('base64url').slice(0, 7)
}

/** The patch that turns one object into another. Removed members are null in it. */
export function patchBetween(before: JsonItem, after: JsonItem): JsonItem {
  const gone = Object.keys(before).filter(name => !Object.hasOwn(after, name))
  return { ...Object.fromEntries(gone.map(name => [name, null])), ...after }
}

/** The row of a list by its id, or the single object itself. */
export function itemAt(content: JsonContent, name: string, id: string | null): JsonItem | null {
  const list = itemsOf(content, name)
  if (list !== null) return list.find(row => id !== null && idOf(row) === id) ?? null
  const value = Object.hasOwn(content, name) ? content[name] : null
  return id === null && isItem(value) ? value : null
}
