/**
 * Whether a request for the documentation prefers the metadata to the page. First the quality in Accept decides, then the more
 * specific range. If both are equal, it is the page.
 */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const ranges = accept.split(',').map(readRange)
  const html = fit('text/html', ranges)
  const json = fit('application/json', ranges)
  return json.quality > html.quality || (json.quality === html.quality && json.quality > 0 && json.exact > html.exact)
}

interface Range {
  readonly type: string
  readonly quality: number
}

/** Reads a range of Accept. With a parameter other than `q` it asks for something that does not exist. */
function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const weight = parameters.find(part => part.startsWith('q='))
  const other = parameters.some(part => part !== '' && !part.startsWith('q='))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { type: other ? '' : type, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** The most specific range that covers a type: 2 = the type itself, 1 = its group, 0 = any type. */
function fit(type: string, ranges: readonly Range[]): { readonly quality: number; readonly exact: number } {
  const group = `${type.slice(0, type.indexOf('/'))}/*`
  for (const [exact, name] of [[2, type] as const, [1, group] as const, [0, '*/*'] as const]) {
    const found = ranges.filter(one => one.type === name)
    if (found.length > 0) return { quality: Math.max(...found.map(one => one.quality)), exact }
  }
  return { quality: 0, exact: -1 }
}
