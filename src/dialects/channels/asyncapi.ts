import { anything, message, record, stringSchema, type AsyncDraft } from '../../describe/async-draft.ts'
import type { Json } from '../../describe/openapi/answers.ts'

/** Describes the envelope of channels-api and DCRF, on a WebSocket without subprotocol. */
export function describeEnvelope(draft: AsyncDraft): void {
  const stream: Json = { type: 'string', enum: draft.resources.map(resource => resource.name) }
  const row = draft.anyRow()
  const pk: Json = { type: ['string', 'integer'] }
  const own = draft.resources.flatMap(resource => [...resource.actions.keys()])
  const action: Json = { type: 'string', enum: [...new Set([...actions, ...own])] }
  const wrapped = (payload: Json): Json => record({ stream, payload })
  draft.channel(
    'envelope',
    {
      address: '/',
      title: 'WebSocket, envelope',
      description: 'A WebSocket without subprotocol; each message is one frame of JSON text.',
      servers: [{ $ref: '#/servers/ws' }],
    },
    {
      client: {
        request: message(
          'request',
          'An operation on a row or a list.',
          wrapped(
            record(
              {
                action,
                'pk?': pk,
                'data?': anything,
                'request_id?': anything,
                'key?': stringSchema,
                'min?': { type: ['string', 'null'], description: 'A position that must have been reached.' },
                'at?': { type: ['string', 'null'], description: 'The earlier position to read.' },
              },
              true,
            ),
          ),
        ),
      },
      server: {
        response: message(
          'response',
          'The answer to a request.',
          record({
            stream: { type: ['string', 'null'] },
            payload: record({
              errors: { type: 'array' },
              data: anything,
              action: { type: ['string', 'null'] },
              response_status: { type: 'integer', minimum: 100, maximum: 599 },
              request_id: anything,
              'position?': { type: 'string', description: 'In answers to messages with `key`, `min` or `at`.' },
            }),
          }),
        ),
        push: message(
          'push',
          'What happened to a row, after `subscribe`.',
          wrapped(record({ action: { enum: ['create', 'update', 'delete'] }, pk, data: row, model: stringSchema })),
        ),
        instance: message(
          'instance',
          'What happened to a row, after `subscribe_instance`: `request_id` is that of the subscription.',
          wrapped(
            record({
              errors: { type: 'array', maxItems: 0 },
              data: { anyOf: [row, record({ pk })] },
              action: { enum: ['update', 'delete'] },
              response_status: { enum: [200, 204] },
              request_id: anything,
            }),
          ),
        ),
      },
    },
  )
}

const actions =
  'create retrieve list update patch delete subscribe unsubscribe subscribe_instance unsubscribe_instance batch'.split(
    ' ',
  )
