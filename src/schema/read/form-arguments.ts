import { ApiError } from '../../protocol/error.ts'
import type { Arguments } from './arguments.ts'
import { textMode } from './input-mode.ts'

/**
 * Reads the fields and files of a multipart form (RFC 7578). `valuesOf` decides about names that come more than once. Throws
 * ApiError `bad_request` if the body is no such form.
 */
export async function formArguments(
  bytes: Uint8Array,
  contentType: string,
  valuesOf: (entries: readonly [string, string][]) => unknown = singleValues,
): Promise<Arguments> {
  let form: FormData
  try {
    form = await new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData()
  } catch {
    throw new ApiError('bad_request', { detail: 'the form cannot be read' })
  }
  const entries = [...form]
  return {
    value: valuesOf(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    mode: textMode,
    files: entries.flatMap(([name, value]) => (typeof value === 'string' ? [] : [{ name, file: value }])),
  }
}

/** The first value of each name. */
export function singleValues(entries: Iterable<[string, string]>): Record<string, string> {
  const first = new Map<string, string>()
  for (const [name, value] of entries) if (!first.has(name)) first.set(name, value)
  return Object.fromEntries(first)
}
