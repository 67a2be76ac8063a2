import XMLBuilder from 'fast-xml-builder'
import type { Sliced } from '../../../engine/slices.ts'

/** A node in the form that the builder takes: one member named after the element, and its attributes. */
type Node = Readonly<Record<string, unknown>>

const builder = new XMLBuilder({ preserveOrder: true, ignoreAttributes: false, suppressBooleanAttributes: false })

/** Levels of lists and objects that are written member by member: rows, their fields, and what is in them. */
const LEVELS = 3

/**
 * JSON values as XML 1.0: `<todo><id>7</id><tags><item>a</item></tags></todo>`. Members are elements with their name, or
 * `<field name="…">` if the name is not valid in XML. List items are `<item>`, and null is an empty element with `nil="true"`.
 */
export function* writeXml(value: unknown, root: string): Sliced<string> {
  let text = '<?xml version="1.0" encoding="UTF-8"?>\n'
  for (const part of partsOf(root, value, LEVELS)) {
    text += part
    yield
  }
  return text
}

function* partsOf(name: string, value: unknown, levels: number): Generator<string, void> {
  if (levels === 0 || typeof value !== 'object' || value === null) return yield builder.build([element(name, value)])
  const empty = builder.build([element(name, [])])
  const end = empty.lastIndexOf('</')
  yield empty.slice(0, end)
  if (Array.isArray(value)) for (const item of value) yield* partsOf('item', item, levels - 1)
  else for (const [key, member] of Object.entries(value)) yield* partsOf(key, member, levels - 1)
  yield empty.slice(end)
}

function element(name: string, value: unknown): Node {
  const plain = isName(name)
  const attributes: Record<string, string> = {}
  if (!plain) attributes['@_name'] = clean(name)
  if (value === null || value === undefined) attributes['@_nil'] = 'true'
  const node: Record<string, unknown> = { [plain ? name : 'field']: childrenOf(value) }
  if (Object.keys(attributes).length > 0) node[':@'] = attributes
  return node
}

function childrenOf(value: unknown): Node[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map(item => element('item', item))
  if (typeof value === 'string') return [{ '#text': clean(value) }]
  if (typeof value === 'object') return Object.entries(value).map(([name, member]) => element(name, member))
  return [{ '#text': JSON.stringify(value) }]
}

/** Whether a text is an XML name without a colon (Namespaces in XML §4). Names that begin with "xml" are reserved. */
const isName = (name: string): boolean => /^(?!xml)[\p{L}_][\p{L}\p{N}._-]*$/iu.test(name)

// Characters that XML 1.0 cannot contain, not even escaped (§2.2).
// oxlint-disable-next-line no-control-regex
const clean = (text: string): string => text.replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
