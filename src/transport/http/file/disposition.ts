import { create, parse } from 'content-disposition'

/** Types in which browsers run nothing. All others are sent as attachments. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain)$/

/** The value of Content-Disposition for a file of this type and name (RFC 6266). */
export function dispositionOf(type: string, name: string | null): string {
  return create(name ?? undefined, { type: SHOWN.test(type.split(';', 1)[0]!) ? 'inline' : 'attachment' })
}

/**
 * The file name in the Content-Disposition of an upload, such as `attachment; filename*=UTF-8''na%C3%AFve.png`. null if there
 * is none.
 */
export function nameIn(header: string | undefined): string | null {
  if (header === undefined || header.length > 2_048) return null
  return utf8(parse(header).parameters['filename']) ?? null
}

/** Hosts deliver header fields byte by byte. If the bytes are UTF-8, they are decoded as such. */
function utf8(value: string | undefined): string | undefined {
  if (value === undefined || !/[\x80-\xff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
