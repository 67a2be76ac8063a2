import XMLBuilder from 'fast-xml-builder'

/** A node in the form that the builder takes: one member named after the element, and its attributes. */
type Node = Readonly<Record<string, unknown>>

/**
 * JSON values as XML 1.0: `<todo><id>7</id><tags><item>a</item></tags></todo>`. Members are elements with their name, or
 * `<field name="…">` if the name is not valid in XML. List items are `<item>`, and null is an empty element with `nil="true"`.
 */
export function writeXml(value: unknown, root: string): string {
  const builder = new XMLBuilder({ preserveOrder: true, ignoreAttributes: false, suppressBooleanAttributes: false })
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build([element(root, value)])}`
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
