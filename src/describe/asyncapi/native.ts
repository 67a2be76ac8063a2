import { anything, message, record, stringSchema, type AsyncDraft } from '../async-draft.ts'
import type { Json } from '../openapi/answers.ts'

const id: Json = {
  anyOf: [{ type: 'number' }, { type: 'string', maxLength: 64 }],
  description: 'Repeated by the answer.',
}
const sub: Json = { type: ['number', 'string'], description: 'The id of the subscription.' }
const position: Json = { type: 'string', description: '`epoch.seq` in the change log.' }
const count: Json = { type: 'integer', minimum: 0 }
const refused: Json = { $ref: '#/components/schemas/Problem' }

/** Describes the messages of a WebSocket with the subprotocol restuary.1 (docs/protocol.md §8). */
export function describeNative(draft: AsyncDraft): void {
  const row = draft.anyRow()
  draft.channel(
    'native',
    {
      address: '/',
      title: 'WebSocket, restuary.1',
      description: 'A WebSocket with the subprotocol `restuary.1`; each message is a JSON object in a text frame.',
      servers: [{ $ref: '#/servers/ws' }],
      bindings: {
        ws: {
          headers: { type: 'object', properties: { 'Sec-WebSocket-Protocol': { const: 'restuary.1' } } },
        },
      },
    },
    { client: requests(), server: { ...answers(), ...told(row) } },
  )
}

function requests(): Readonly<Record<string, Json>> {
  const uri: Json = { type: 'string', examples: ['/todo', '/todo/7', '/todo?done=false'] }
  const params: Json = { type: 'object', description: 'Words of the query as JSON: filter, sort, limit, at …' }
  const tags: Json = {
    type: ['string', 'array'],
    items: stringSchema,
    description: 'Entity tags without quotes, or `*`.',
  }
  const op = (...words: string[]): Json => ({ enum: words })
  return {
    read: message(
      'read',
      'Asks for a list or a row.',
      record({ op: op('list', 'get'), id, uri, 'params?': params, 'min?': position }),
    ),
    write: message(
      'write',
      'Changes something, or calls an action.',
      record({
        op: op('create', 'replace', 'patch', 'delete', 'act'),
        id,
        uri,
        'params?': params,
        'data?': anything,
        'ifMatch?': tags,
        'ifNoneMatch?': tags,
        'method?': { type: 'string', description: 'The method, if the action has several.' },
        'key?': { type: 'string', description: 'Idempotency key.' },
        'min?': position,
      }),
    ),
    batch: message(
      'batch',
      'Several calls in one transaction, all or nothing.',
      record({
        op: op('batch'),
        id,
        calls: { type: 'array', items: { type: 'object' }, maxItems: 100 },
        'key?': { type: 'string', description: 'Idempotency key of the whole.' },
        'min?': position,
      }),
    ),
    subscribe: message(
      'subscribe',
      'Follows a list, a row or a query; its id names the subscription.',
      record({
        op: op('subscribe'),
        id,
        uri,
        'params?': params,
        'since?': position,
        'mode?': { type: ['string', 'integer'] },
        'absent?': { const: 'wait' },
        'changes?': { const: 'patch', description: 'Changed rows come as their changed members.' },
        'min?': position,
      }),
    ),
    unsubscribe: message('unsubscribe', 'Ends a subscription.', record({ op: op('unsubscribe'), id, sub })),
    auth: message(
      'auth',
      'Logs in with a token or a ticket.',
      record({ op: op('auth'), id, 'token?': stringSchema, 'ticket?': stringSchema }),
    ),
    ping: message(
      'ping',
      'Asks for a sign of life, and how far the client was told what happened.',
      record({ op: op('ping'), 'id?': id }),
    ),
  }
}

function answers(): Readonly<Record<string, Json>> {
  return {
    hello: message(
      'hello',
      'The connection is open, or `auth` has succeeded.',
      record({
        op: { const: 'hello' },
        'id?': id,
        protocol: stringSchema,
        epoch: stringSchema,
        retry: count,
        me: { type: ['number', 'string', 'null'] },
        'expires?': { ...count, description: 'In how many seconds the credentials end.' },
        limits: record({ message: count, subscriptions: count, rate: count, burst: count, keys: count }),
      }),
    ),
    answer: message(
      'answer',
      'The answer to a request. `data` is what the body of the HTTP answer would be.',
      record({
        id,
        status: { type: 'integer', minimum: 200, maximum: 399 },
        'data?': anything,
        'etag?': stringSchema,
        'position?': position,
        'next?': stringSchema,
        'previous?': stringSchema,
        'total?': { type: 'integer' },
        'ids?': { type: 'array', description: 'The ids of the rows, where `fields` leaves them out.' },
        'replayed?': { const: true, description: 'The write happened earlier, by a request with the same key.' },
      }),
    ),
    refusal: message(
      'refusal',
      'A request was refused. The id is null if it could not be read.',
      record({ id: { anyOf: [id, { type: 'null' }] }, status: { type: 'integer', minimum: 400 }, error: refused }),
    ),
    pong: message('pong', 'The sign of life.', record({ op: { const: 'pong' }, 'id?': id, 'position?': position })),
  }
}

function told(row: Json): Readonly<Record<string, Json>> {
  const rows: Readonly<Record<string, Json>> = {
    sub,
    data: { type: 'array', items: row },
    ids: { type: 'array', items: { type: ['integer', 'string'] } },
    versions: { type: 'array', items: stringSchema },
    'position?': position,
    'more?': { type: 'boolean', description: 'Another part follows.' },
  }
  const event = record({
    kind: { enum: ['enter', 'change', 'leave'] },
    id: { type: ['integer', 'string'] },
    version: position,
    'data?': row,
    'patch?': {
      type: 'object',
      description: 'The members that changed, with `changes: "patch"`. Without it and `data`: as in the event before.',
    },
    'own?': { type: 'boolean', description: 'The row itself was created or deleted.' },
  })
  return {
    snapshot: message('snapshot', 'All rows in view.', record({ op: { const: 'snapshot' }, ...rows })),
    reset: message(
      'reset',
      'All rows in view. Discard the rows that you have first.',
      record({ op: { const: 'reset' }, ...rows }),
    ),
    resumed: message('resumed', 'Nothing is missing.', record({ op: { const: 'resumed' }, sub, position })),
    commit: message(
      'commit',
      'The changes that one commit made to the view.',
      record({
        op: { const: 'commit' },
        sub,
        position,
        events: { type: 'array', items: event },
        'order?': { type: 'array', items: { type: ['integer', 'string'] } },
        'by?': { type: 'array', items: stringSchema, description: "Idempotency keys of the caller's writes in it." },
      }),
    ),
    behind: message('behind', 'Something was left out. A reset follows.', record({ op: { const: 'behind' }, sub })),
    end: message(
      'end',
      'The server has ended the subscription.',
      record({ op: { const: 'end' }, sub, error: refused }),
    ),
  }
}
