import { ApiError } from '../../protocol/error.ts'
import { parseJson } from '../../protocol/json.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { ArgumentReader, ArgumentRequest, Arguments } from '../../schema/read/arguments.ts'
import { formArguments, singleValues } from '../../schema/read/form-arguments.ts'
import { jsonMode, textMode } from '../../schema/read/input-mode.ts'

/**
 * Reads arguments like restaction, which is more tolerant than other requests here. GET and DELETE use the first value of
 * each name in the query. POST, PUT and PATCH use JSON if the content type is exactly that, else a form, which is empty if
 * the body is none. Other methods have no arguments.
 */
export const readArguments: ArgumentReader = (request, limits) => {
  switch (request.method) {
    case 'GET':
    case 'DELETE':
      return { value: singleValues(new URLSearchParams(request.query)), mode: textMode }
    case 'POST':
    case 'PUT':
    case 'PATCH':
      return readBody(request, limits)
    default:
      return { value: null, mode: jsonMode }
  }
}

async function readBody(request: ArgumentRequest, limits: Limits): Promise<Arguments> {
  switch (mediaOf(request.contentType)) {
    case 'application/json':
      return { value: readJson(await request.body(), limits), mode: jsonMode }
    case 'application/x-www-form-urlencoded':
      return {
        value: singleValues(new URLSearchParams(new TextDecoder().decode(await request.body()))),
        mode: textMode,
      }
    case 'multipart/form-data':
      return formArguments(await request.body(), request.contentType!).catch((error: unknown) => inOurWords(error))
    default:
      return { value: {}, mode: textMode }
  }
}

const mediaOf = (type: string | undefined): string => (type ?? '').split(';', 1)[0]!.trim().toLowerCase()

function readJson(bytes: Uint8Array, limits: Limits): unknown {
  try {
    return parseJson(bytes, limits)
  } catch (error) {
    return inOurWords(error, 'invalid json content')
  }
}

function inOurWords(error: unknown, detail?: string): never {
  if (!(error instanceof ApiError) || error.status !== 400) throw error
  throw new ApiError(error.code, { error: 'InvalidData', detail: detail ?? error.message, issues: error.issues })
}
