import { createHash } from 'node:crypto'
import { AwsClient } from 'aws4fetch'
import { ApiError } from '../protocol/error.ts'
import { fileKey, type FileStore } from './files.ts'

export interface S3Options {
  /** `https://s3.eu-central-1.amazonaws.com`, or the address of any other store with the S3 protocol. */
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Default: the region in the endpoint, or else `us-east-1`. */
  readonly region?: string
  /** Prefix of all keys, for instance `uploads/`. Default: none. */
  readonly prefix?: string
  /**
   * Size of a part in bytes. A file up to this size is sent in one request, and each upload needs this much memory. Default: 8
   * MiB.
   */
  readonly part?: number
}

/** The smallest size of a part other than the last (S3, "multipart upload limits"). */
const LEAST_PART = 5_242_880

/**
 * Stores files in an S3 bucket, with path-style addresses (`endpoint/bucket/key`). The bucket need not be public: the API
 * serves the bytes to those who may read the row. Requests are signed, including their bytes (AWS Signature Version 4).
 *
 * @example
 * api({ photo }, { files: s3({ endpoint: 'https://s3.eu-central-1.amazonaws.com', bucket: 'photos', accessKeyId, secretAccessKey }) })
 */
export function s3(options: S3Options): FileStore {
  const { endpoint, bucket, accessKeyId, secretAccessKey, sessionToken, region, prefix = '' } = options
  const size = Math.max(options.part ?? 8_388_608, LEAST_PART)
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    service: 's3',
    retries: 3,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(region !== undefined && { region }),
  })
  const base = `${endpoint.replace(/\/+$/, '')}/${encodeURIComponent(bucket)}/`
  const urlOf = (key: string): string => base + (prefix + fileKey(key)).split('/').map(encodeURIComponent).join('/')
  const ask: Ask = async (method, url, { body, headers, accepts = [] } = {}) => {
    const hash = createHash('sha256')
      .update(body ?? '')
      .digest('hex')
    const response = await client
      .fetch(url, {
        method,
        headers: { ...headers, 'x-amz-content-sha256': hash },
        ...(body !== undefined && { body: body as BodyInit }),
      })
      .catch((cause: unknown) => {
        throw unavailable(cause)
      })
    if (response.ok || accepts.includes(response.status)) return response
    throw unavailable(new Error(`${method} ${url}: ${response.status} ${(await response.text()).slice(0, 500)}`))
  }
  return {
    write: async (key, bytes) => writeParts(ask, urlOf(key), inParts(bytes, size)),
    read: async (key, start, end) => {
      const isEmpty = end < start
      const headers = isEmpty ? {} : { range: `bytes=${start}-${end}` }
      const response = await ask(isEmpty ? 'HEAD' : 'GET', urlOf(key), { headers, accepts: [404] })
      if (response.status !== 404 && response.body) return response.body
      await response.body?.cancel()
      return response.status === 404 ? null : nothing()
    },
    remove: async key => {
      await (await ask('DELETE', urlOf(key), { accepts: [404] })).body?.cancel()
    },
  }
}

type Ask = (
  method: string,
  url: string,
  more?: {
    readonly body?: Uint8Array | string
    readonly headers?: Readonly<Record<string, string>>
    /** Status codes that are answers and not errors. */
    readonly accepts?: readonly number[]
  },
) => Promise<Response>

/** Sends one request if the file fits into one part; otherwise a multipart upload, which is aborted if anything fails. */
async function writeParts(ask: Ask, url: string, parts: AsyncGenerator<Uint8Array, void>): Promise<void> {
  const first = await parts.next()
  const second = await parts.next()
  if (second.done === true) {
    await done(await ask('PUT', url, { body: first.value ?? new Uint8Array(0) }))
    return
  }
  const begun = await (await ask('POST', `${url}?uploads=`)).text()
  const id = /<UploadId>([^<]+)<\/UploadId>/.exec(begun)?.[1]
  if (id === undefined) throw unavailable(new Error(`no UploadId in ${begun.slice(0, 500)}`))
  const upload = `uploadId=${encodeURIComponent(unescaped(id))}`
  try {
    const tags: string[] = []
    const send = async (body: Uint8Array): Promise<void> => {
      const response = await ask('PUT', `${url}?partNumber=${tags.length + 1}&${upload}`, { body })
      await done(response)
      tags.push(response.headers.get('etag') ?? '')
    }
    await send(first.value as Uint8Array)
    await send(second.value)
    for await (const part of parts) await send(part)
    const list = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`)
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`
    const answer = await (await ask('POST', `${url}?${upload}`, { body })).text()
    // S3 may answer 200 first and report an error in the body (CompleteMultipartUpload).
    if (/<Error>/.test(answer)) throw unavailable(new Error(answer.slice(0, 500)))
  } catch (error) {
    await ask('DELETE', `${url}?${upload}`).then(done, () => {})
    throw error
  } finally {
    await parts.return()
  }
}

async function done(response: Response): Promise<void> {
  await response.body?.cancel()
}

/** Splits bytes into parts of exactly `size` bytes; the last one may be smaller. */
async function* inParts(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    let rest = chunk
    while (length + rest.length >= size) {
      const taken = size - length
      waiting.push(rest.subarray(0, taken))
      yield Buffer.concat(waiting)
      waiting = []
      length = 0
      rest = rest.subarray(taken)
    }
    // Copied, because the sender may reuse the buffer.
    if (rest.length > 0) waiting.push(Uint8Array.from(rest))
    length += rest.length
  }
  if (length > 0) yield Buffer.concat(waiting)
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, one => entities[one]!)

const unescaped = (text: string): string =>
  Object.entries(entities).reduceRight((so, [one, entity]) => so.replaceAll(entity, one), text)

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

function unavailable(cause: unknown): ApiError {
  return new ApiError('unavailable', { detail: 'files are not available now', cause })
}
