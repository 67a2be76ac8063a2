import { fileFields } from './engine/files/ledger.ts'
import type { Call, Outcome } from './engine/call/call.ts'
import type { Engine } from './engine/engine.ts'
import { valueOf } from './engine/call/outcome.ts'
import { appCall } from './engine/call/app-call.ts'
import type { Resource, ScalarField } from './model/model.ts'
import type { CallOptions } from './model/rules/call-options.ts'
import type { IdOf, Modelled } from './model/declare/types.ts'
import { ApiError } from './protocol/error.ts'
import type { FileShown } from './schema/file.ts'
import type { Maybe } from './store/work.ts'

/** The files of rows, for the application's own code. It may also change files that are read-only for clients. */
export interface FileOperations<M> {
  /**
   * Stores bytes as the file of a row and replaces the file that was there. The media type is taken from a Blob, the name from
   * a File, unless `options` state them.
   *
   * @example
   * await app.files.put('user', 7, 'avatar', await openAsBlob('ada.png'), { type: 'image/png' })
   *
   * @throws {ApiError} `not_found` if there is no such row or field, and whatever a PATCH of the row would throw.
   */
  put<K extends Modelled<M>>(
    name: K,
    id: IdOf<M, K>,
    field: string,
    bytes: Blob | Uint8Array | AsyncIterable<Uint8Array>,
    options?: PutFileOptions,
  ): Promise<FileShown>
  /**
   * Reads what a row says about its file, and the bytes.
   *
   * @throws {ApiError} `not_found` if the row has no file, `unavailable` if its bytes are missing in the file store.
   */
  get<K extends Modelled<M>>(
    name: K,
    id: IdOf<M, K>,
    field: string,
    options?: Pick<CallOptions, 'me' | 'auth'>,
  ): Promise<{ readonly file: FileShown; readonly bytes: AsyncIterable<Uint8Array> }>
}

/** Options of `app.files.put`. */
export interface PutFileOptions extends Pick<CallOptions, 'me' | 'auth' | 'idempotencyKey'> {
  /** The file's name, as downloads show it. Default: the name of a File, else none. */
  readonly name?: string
  /** The file's media type, such as `image/png`. Default: the type of a Blob, else none. */
  readonly type?: string
  /** Entity tag that the row must still have. Otherwise the call throws `precondition_failed`. */
  readonly ifMatch?: string
}

export function fileOperations<M>(engine: Engine, handle: (call: Call) => Maybe<Outcome>): FileOperations<M> {
  const shown = async (call: Call, field: string): Promise<FileShown | null> => {
    const row = valueOf(await handle(call)) as Readonly<Record<string, FileShown | null>>
    return row[field] ?? null
  }
  return {
    put: async (name, id, fieldName, bytes, { name: fileName, type, ...options } = {}) => {
      const asked = appCall(engine, { operation: 'patch', name, id, data: {} }, { ...options, fields: [fieldName] })
      const file = fieldOf(asked.resource, fieldName)
      const head = {
        name: fileName ?? (bytes instanceof File ? bytes.name : null),
        type: type ?? (bytes instanceof Blob && bytes.type !== '' ? bytes.type : null),
      }
      const call: { -readonly [P in keyof Call]: Call[P] } = { ...asked, file }
      call.receive = async reception => {
        await reception.take(file, head, piecesOf(bytes))
        call.uploads = reception.uploads
      }
      return (await shown(call, fieldName))!
    },
    get: async (name, id, fieldName, options = {}) => {
      const call = appCall(engine, { operation: 'get', name, id }, { ...options, fields: [fieldName] })
      fieldOf(call.resource, fieldName)
      const file = await shown(call, fieldName)
      if (!file) throw new ApiError('not_found', { detail: `${name} ${String(id)} has no ${fieldName}` })
      const bytes = await engine.files!.read(file, 0, file.size - 1)
      if (!bytes) throw new ApiError('unavailable', { detail: 'the bytes of the file are not there' })
      return { file, bytes }
    },
  }
}

function fieldOf(resource: Resource, name: string): ScalarField {
  const field = fileFields(resource).find(one => one.name === name)
  if (!field) throw new ApiError('not_found', { detail: `${resource.name} has no file called ${name}` })
  return field
}

function piecesOf(bytes: Blob | Uint8Array | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (bytes instanceof Blob) return bytes.stream()
  return bytes instanceof Uint8Array ? one(bytes) : bytes
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
