/** A document as it comes. */
export interface Json {
  readonly [name: string]: any // oxlint-disable-line typescript/no-explicit-any -- a document as it comes
}

/** What a reference leads to; the thing itself where it is none. */
export function resolve(document: Json, node: Json | undefined): Json {
  const ref: unknown = node?.['$ref']
  if (typeof ref !== 'string' || !ref.startsWith('#/')) return node ?? {}
  const steps = ref.slice(2).split('/')
  return steps.reduce<Json>(
    (at, key) => at?.[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')] as Json,
    document,
  )
}
