import { fileFields } from '../../engine/files/ledger.ts'
import type { Resource, ScalarField } from '../../model/model.ts'
import { capital } from '../../model/link/uri-names.ts'
import { fileSchema, formSchema, isWritten } from '../json-schema.ts'
import { response, references, refusing, type Json } from './answers.ts'
import { place, type Drafting, type OperationHead } from './drafting.ts'
import { pathParameter, shared } from './parameters.ts'
import { securityOf } from './security.ts'

/** Describes the files of a resource's rows, each at its own URI. */
export function describeFiles(drafting: Drafting, resource: Resource): void {
  for (const path of resource.paths)
    for (const field of fileFields(resource)) {
      if (field.hidden) continue
      const at = `${path}/{id}/${encodeURIComponent(field.name)}`
      place(drafting, at, 'get', download(drafting, field))
      if (field.readonly || resource.options.readOnly) continue
      place(drafting, at, 'put', upload(drafting, field))
      place(drafting, at, 'delete', remove(drafting, field))
    }
}

/** A form with files, which may be sent instead of a JSON body. Empty if the resource has no file that clients can set. */
export function formContent(resource: Resource): Json {
  const files = fileFields(resource).filter(isWritten)
  if (files.length === 0) return {}
  const encoding = Object.fromEntries(files.map(field => [field.name, { contentType: typesOf(field).join(', ') }]))
  return { 'multipart/form-data': { schema: formSchema(resource), encoding } }
}

/** How documents describe bytes to browsers and to generators of clients. */
const bytes = { type: 'string', format: 'binary' }

function typesOf(field: ScalarField): readonly string[] {
  const { types } = field.def.file!
  return types.length === 0 ? ['application/octet-stream'] : types
}

function contentOf(field: ScalarField): Json {
  const { types } = field.def.file!
  return Object.fromEntries((types.length === 0 ? ['*/*'] : types).map(type => [type, { schema: bytes }]))
}

const FILE_HEADERS = ['ETag', 'Last-Modified', 'Accept-Ranges', 'Content-Disposition', 'Cache-Control', 'Vary'] as const

function download(drafting: Drafting, field: ScalarField): Json {
  const content = contentOf(field)
  const conditions = ['If-None-Match', 'If-Modified-Since', 'Range', 'If-Range', 'Min-Position']
  return {
    ...head(drafting, field, { need: 'read', word: 'download', summary: `The bytes of \`${field.name}\`` }),
    parameters: [idParameter(field), ...conditions.map(shared)],
    responses: {
      200: { description: 'All of it.', headers: references(...FILE_HEADERS, 'X-Request-Id'), content },
      206: {
        description: 'The range that was asked for.',
        headers: references(...FILE_HEADERS, 'Content-Range', 'X-Request-Id'),
        content,
      },
      304: response('There is nothing newer.', null, 'ETag', 'Last-Modified', 'Cache-Control', 'Vary'),
      ...refusing(400, ...who(drafting), 404, 412, 416),
    },
  }
}

function upload(drafting: Drafting, field: ScalarField): Json {
  const shown = fileSchema(field)
  const { max } = field.def.file!
  return {
    ...head(drafting, field, {
      need: 'write',
      word: 'upload',
      summary: `Sends the bytes of \`${field.name}\``,
    }),
    parameters: [
      idParameter(field),
      ...matchParameters(field.owner),
      shared('If-None-Match'),
      shared('Idempotency-Key'),
      shared('Prefer'),
      {
        name: 'Content-Disposition',
        in: 'header',
        description: 'The name of the file (RFC 6266).',
        schema: { type: 'string' },
      },
    ],
    requestBody: { description: `At most ${max} bytes.`, required: true, content: contentOf(field) },
    responses: {
      200: response('What the file is now.', shown, 'ETag', 'Cache-Control', 'Position', 'X-Request-Id'),
      201: response('What the new file is.', shown, 'Location', 'ETag', 'Cache-Control', 'Position', 'X-Request-Id'),
      204: response('Done; `Prefer: return=minimal` was followed.', null, 'ETag', 'Position'),
      ...refusing(400, ...who(drafting), 404, 409, 412, 413, 415, 422, ...required(field.owner)),
    },
  }
}

function remove(drafting: Drafting, field: ScalarField): Json {
  return {
    ...head(drafting, field, { need: 'write', word: 'removeFile', summary: `Deletes \`${field.name}\`` }),
    parameters: [idParameter(field), ...matchParameters(field.owner), shared('Idempotency-Key')],
    responses: {
      204: response('It is gone.', null, 'Cache-Control', 'Position'),
      ...refusing(400, ...who(drafting), 404, 409, 412, 422, ...required(field.owner)),
    },
  }
}

function idParameter({ owner }: ScalarField): Json {
  return pathParameter('id', `The id of the ${owner.name}.`, owner.idType.schema)
}

/** If-Match of a file. It is about the file, not about its row. */
function matchParameters({ options }: Resource): readonly Json[] {
  return options.ifMatch === 'required'
    ? [{ name: 'If-Match', in: 'header', required: true, schema: { type: 'string' } }]
    : [shared('If-Match')]
}

const required = ({ options }: Resource): readonly number[] => (options.ifMatch === 'required' ? [428] : [])

const who = ({ options }: Drafting): readonly number[] => (Object.keys(options.schemes).length > 0 ? [401, 403] : [])

function head(drafting: Drafting, field: ScalarField, { need, word, summary }: OperationHead): Json {
  const { owner } = field
  return {
    operationId: drafting.operationId(`${word}${capital(field.name)}Of${owner.title}`),
    tags: [owner.title],
    summary: `${summary} of a row of \`${owner.name}\``,
    security: securityOf(owner, need, Object.keys(drafting.options.schemes)),
    'x-resource': owner.name,
    'x-file': field.name,
  }
}
