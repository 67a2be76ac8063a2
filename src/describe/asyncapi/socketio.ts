import { anything, message, record, text, type AsyncDraft, type Json } from './draft.ts'

/** The events of Socket.IO, in Flask-SocketAPI's words (spec: socketapi-channels §1). */
export function describeSocketIo(draft: AsyncDraft, path: string): void {
  const uri: Json = {
    type: 'string',
    description: 'A list or a row, as the client spells it.',
    examples: ['/todo/', '/todo/7'],
  }
  const row = draft.anyRow()
  const members: Json = { type: 'object', description: 'Members of a row.' }
  const error = record({ error: text, message: { type: ['string', 'null'] } })
  const options = record({ 'since?': text, 'ifMatch?': text, 'key?': text }, true)
  draft.channel(
    'socketio',
    {
      address: `${path}/`,
      title: 'Socket.IO',
      description:
        'Socket.IO 4. With an options object as its last argument (`{}` will do) an event is answered in its ' +
        'acknowledgement: `{ status, data, position, etag }`, or a problem document.',
      servers: [{ $ref: '#/servers/ws' }],
    },
    {
      client: {
        'client.create': message('create', 'Makes a row.', record({ uri, 'attributes?': members }), {
          headers: options,
        }),
        'client.patch': message('patch', 'Changes a row.', record({ uri, 'patch?': members }), { headers: options }),
        'client.delete': message('delete', 'Deletes a row.', record({ uri }), { headers: options }),
        subscribe: message('subscribe', 'Follows a list or a row.', uri, { headers: options }),
        unsubscribe: message('unsubscribe', 'Follows it no longer.', uri),
      },
      server: {
        state: message('state', 'What is there, after a subscription.', record({ uri, resource: stateOf(row) })),
        create: message('create', 'A row was made, or came into view.', record({ uri, resource: row })),
        patch: message('patch', 'Members of a row that changed.', record({ uri, patch: members })),
        delete: message('delete', 'A row was deleted, or went out of view.', record({ uri })),
        api_error: message('api_error', 'A request was refused.', error),
        server_error: message('server_error', 'A fault of the server.', error),
      },
    },
  )
}

const stateOf = (row: Json): Json =>
  Object.keys(row).length === 0 ? anything : { anyOf: [row, { type: 'array', items: row }] }
