import { servedPath } from '../../describe/options.ts'
import { anything, message, record, stringSchema, type AsyncDraft } from '../../describe/async-draft.ts'
import type { Json } from '../../describe/openapi/answers.ts'

/** Describes the events of Socket.IO, in the words of Flask-SocketAPI. */
export function describeSocketIo(draft: AsyncDraft): void {
  const path = servedPath(draft.options.paths, 'socketio')
  if (path === null) return
  const uri: Json = {
    type: 'string',
    description: 'A list or a row, as the client spells it.',
    examples: ['/todo/', '/todo/7'],
  }
  const row = draft.anyRow()
  const members: Json = { type: 'object', description: 'Members of a row.' }
  const error = record({ error: stringSchema, message: { type: ['string', 'null'] } })
  const options = record(
    {
      'min?': stringSchema,
      'since?': stringSchema,
      'mode?': anything,
      'changes?': { enum: ['patch'] },
      'ifMatch?': stringSchema,
      'key?': stringSchema,
    },
    true,
  )
  const id: Json = {
    type: ['integer', 'string'],
    description: 'Of the row, where the subscription has a name of its own.',
  }
  const ids: Json = { type: 'array', items: { type: ['integer', 'string'] } }
  const item: Json = { type: 'string', description: 'The item of a list that functions serve.' }
  const by: Json = {
    type: 'array',
    items: stringSchema,
    description: "Idempotency keys of the caller's own writes, beside the position.",
  }
  const told = { uri, 'id?': id, 'item?': item, 'position?': stringSchema, 'by?': by }
  draft.channel(
    'socketio',
    {
      address: `${path}/`,
      title: 'Socket.IO',
      description:
        'Socket.IO 4. With an options object as its last argument (`{}` will do) an event is answered in its ' +
        'acknowledgement: `{ status, data, position, etag }`, or a problem document. A subscription with options or a ' +
        'query is told under its own URI, with the id of the row beside.',
      servers: [{ $ref: '#/servers/ws' }],
    },
    {
      client: {
        'client.create': message('create', 'Makes a row.', record({ uri, 'attributes?': members }), {
          headers: options,
        }),
        'client.patch': message('patch', 'Changes a row.', record({ uri, 'patch?': members }), { headers: options }),
        'client.delete': message('delete', 'Deletes a row.', record({ uri }), { headers: options }),
        batch: message(
          'batch',
          'Several calls in one transaction, all or nothing.',
          { type: 'array', items: { type: 'object' }, maxItems: 100 },
          { headers: options },
        ),
        subscribe: message('subscribe', 'Follows a list or a row.', uri, { headers: options }),
        unsubscribe: message('unsubscribe', 'Follows it no longer.', uri),
      },
      server: {
        state: message(
          'state',
          'What is there, after a subscription. `reset` says that what happened meanwhile cannot be told.',
          record({ uri, resource: stateOf(row), 'ids?': ids, 'position?': stringSchema, 'reset?': { const: true } }),
        ),
        create: message('create', 'A row was made, or came into view.', record({ ...told, resource: row })),
        patch: message(
          'patch',
          'Members of a row that changed. Without `patch`, those of the one before.',
          record({ ...told, 'patch?': members }),
        ),
        delete: message('delete', 'A row was deleted; without options or a query, or went out of view.', record(told)),
        leave: message('leave', 'A row went out of view.', record(told)),
        order: message(
          'order',
          'The order of all rows in view, where they do not tell it.',
          record({ uri, ids, 'position?': stringSchema, 'by?': by }),
        ),
        behind: message('behind', 'Something was left out. A state with `reset` follows.', record({ uri })),
        api_error: message('api_error', 'A request was refused.', error),
        server_error: message('server_error', 'A fault of the server.', error),
      },
    },
  )
}

const stateOf = (row: Json): Json =>
  Object.keys(row).length === 0 ? anything : { anyOf: [row, { type: 'array', items: row }] }
