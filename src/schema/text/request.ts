import { ApiError } from '../../protocol/error.ts'
import { parseJson } from '../../protocol/json.ts'
import type { Limits } from '../../protocol/limits.ts'
import { jsonMode, textMode, type InputMode } from '../input-mode.ts'

/** A request for an action whose input is a schema text, as HTTP has it. */
export interface TextRequest {
  readonly method: string
  /** Behind the `?`, still encoded. */
  readonly query: string
  readonly contentType: string | undefined
  body(): Promise<Uint8Array>
}

/** Its arguments: query and forms hold texts, of which each schema makes its own. */
export interface TextArguments {
  readonly value: unknown
  readonly mode: InputMode
  readonly files?: readonly { readonly name: string; readonly file: File }[]
}

/**
 * Decodes arguments as restaction does (spec §2.4; DECISIONS B2), which is more lenient than any other request is read:
 * GET and DELETE take the first value of each name of the query; POST, PUT and PATCH take JSON if the content type says
 * just that, otherwise a form, which is empty if the body is none. Other methods have no arguments.
 */
export function readTextRequest(request: TextRequest, limits: Limits): TextArguments | Promise<TextArguments> {
  switch (request.method) {
    case 'GET':
    case 'DELETE':
      return { value: firstValues(new URLSearchParams(request.query)), mode: textMode }
    case 'POST':
    case 'PUT':
    case 'PATCH':
      return readBody(request, limits)
    default:
      return { value: null, mode: jsonMode }
  }
}

async function readBody(request: TextRequest, limits: Limits): Promise<TextArguments> {
  switch (mediaOf(request.contentType)) {
    case 'application/json':
      return { value: readJson(await request.body(), limits), mode: jsonMode }
    case 'application/x-www-form-urlencoded':
      return { value: firstValues(new URLSearchParams(new TextDecoder().decode(await request.body()))), mode: textMode }
    case 'multipart/form-data':
      return readForm(await request.body(), request.contentType!)
    default:
      return { value: {}, mode: textMode }
  }
}

const mediaOf = (type: string | undefined): string => (type ?? '').split(';', 1)[0]!.trim().toLowerCase()

function readJson(bytes: Uint8Array, limits: Limits): unknown {
  try {
    return parseJson(bytes, limits)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error
    throw new ApiError(error.code, { error: 'InvalidData', detail: 'invalid json content', issues: error.issues })
  }
}

/** The fields and files of a multipart form (RFC 7578); throws ApiError for what is none. */
export async function readForm(bytes: Uint8Array, contentType: string): Promise<TextArguments> {
  let form: FormData
  try {
    form = await new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData()
  } catch {
    throw new ApiError('bad_request', { error: 'InvalidData', detail: 'the form cannot be read' })
  }
  const entries = [...form]
  return {
    value: firstValues(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    mode: textMode,
    files: entries.flatMap(([name, value]) => (typeof value === 'string' ? [] : [{ name, file: value }])),
  }
}

function firstValues(entries: Iterable<[string, string]>): Record<string, string> {
  const first = new Map<string, string>()
  for (const [name, value] of entries) if (!first.has(name)) first.set(name, value)
  return Object.fromEntries(first)
}
