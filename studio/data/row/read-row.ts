import { send, type Id, type Row } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'

/** A row with the version that was read. */
export interface ReadRow {
  readonly row: Row
  /** Its entity tag. */
  readonly tag: string | null
}

/** Reads a row as it is, or as it was at a position; null = it is not there. Throws Error if it may not be read. */
export async function readRow({ name, path }: ResourceInfo, id: Id, at: string | null = null): Promise<ReadRow | null> {
  const words = at === null ? '' : `?at=${encodeURIComponent(at)}`
  const response = await send('GET', `${path}/${encodeURIComponent(id)}${words}`)
  if (response.status === 404) return null
  const body = (await response.json()) as Row
  if (!response.ok) throw new Error((body['detail'] as string | undefined) ?? `${name} ${id} cannot be read`)
  return { row: body, tag: response.headers.get('etag') }
}
