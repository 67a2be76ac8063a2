/** Types that no browser runs anything in; others are only saved. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain)$/

/** The value of Content-Disposition for a file of this type and name (RFC 6266). */
export function dispositionOf(type: string, name: string | null): string {
  const kind = SHOWN.test(type.split(';', 1)[0]!) ? 'inline' : 'attachment'
  if (name === null) return kind
  // The plain form for those that know no other, without what would need escaping (RFC 6266 §4.2, appendix D).
  const plain = name.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/["\\%]/g, '_')
  const text = `${kind}; filename="${plain}"`
  return plain === name ? text : `${text}; filename*=UTF-8''${extended(name)}`
}

/** RFC 8187 §3.2: everything but attr-char is percent-encoded UTF-8. */
function extended(name: string): string {
  return encodeURIComponent(name).replaceAll(/['()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The name in the Content-Disposition of an upload: `attachment; filename*=UTF-8''na%C3%AFve.png`. Null if there is none. */
export function nameIn(header: string | undefined): string | null {
  if (header === undefined || header.length > 2_048) return null
  const parameters = new Map<string, string>()
  const pattern = /;[ \t]*([\w*!#$&^.+-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;" \t]+))/g
  for (const [, key, quoted, token] of header.matchAll(pattern))
    parameters.set(key!.toLowerCase(), quoted === undefined ? token! : quoted.replaceAll(/\\(.)/g, '$1'))
  return decoded(parameters.get('filename*')) ?? utf8(parameters.get('filename')) ?? null
}

function decoded(value: string | undefined): string | undefined {
  const found = value === undefined ? null : /^utf-8'[^']*'(.*)$/i.exec(value)
  if (!found) return undefined
  try {
    return decodeURIComponent(found[1]!)
  } catch {
    return undefined
  }
}

/** Hosts hand out header fields byte by byte; what is UTF-8 in them is read as such. */
function utf8(value: string | undefined): string | undefined {
  if (value === undefined || !/[\x80-\xff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
