import type { Resource } from '../../model/model.ts'
import { eventNames } from '../../protocol/events.ts'
import { message, record, stringSchema, type AsyncDraft } from '../async-draft.ts'
import type { Json } from '../openapi/answers.ts'

/** Describes each list and row as a stream of Server-Sent Events (WHATWG HTML §9.2). */
export function describeSse(draft: AsyncDraft): void {
  for (const resource of draft.resources) {
    const id = resource.idType.schema
    const messages = { server: eventsOf(draft, resource, id), client: {} }
    const parameter = { id: { description: `The id of the ${resource.name}.` } }
    const bindings = { servers: [{ $ref: '#/servers/http' }] }
    const path = resource.paths[0]!
    draft.channel(
      `sse.${plain(resource.name)}.list`,
      { address: path, title: `Rows of ${resource.name}`, description: LIST, ...bindings },
      messages,
    )
    draft.channel(
      `sse.${plain(resource.name)}.row`,
      { address: `${path}/{id}`, title: `One row of ${resource.name}`, parameters: parameter, ...bindings },
      messages,
    )
  }
}

const LIST =
  '`GET` with `Accept: text/event-stream`; the query may filter, sort and limit. `Last-Event-ID`, or `since` in the query, ' +
  'continues after a position.'

function eventsOf(draft: AsyncDraft, resource: Resource, id: Json): Readonly<Record<string, Json>> {
  const row = draft.row(resource)
  const change = (data: Readonly<Record<string, Json>>, reason: string): Json =>
    record({ resource: { const: resource.name }, id, version: stringSchema, ...data, 'reason?': { const: reason } })
  const patch = { type: 'object', description: 'The members that changed, with `Prefer: changes=patch`.' }
  const { enter, change: changed, leave } = eventNames
  return {
    snapshot: event('snapshot', 'All rows in view. A long snapshot comes in parts; `ready` follows the last one.', {
      type: 'array',
      items: row,
    }),
    ids: event('ids', 'The ids of the rows in the next snapshot, if the rows do not show them.', {
      type: 'array',
      items: id,
    }),
    order: event(
      'order',
      'The order of all rows in view, if it does not follow from the rows.',
      record({ ids: { type: 'array', items: id } }),
    ),
    ready: event('ready', 'The snapshot is complete.', record({ count: { type: 'integer' } })),
    [enter.sse]: event(enter.sse, 'A row was created, or came into view.', change({ data: row }, 'enter')),
    [changed.sse]: event(changed.sse, 'A row changed.', change({ 'data?': row, 'patch?': patch }, 'change')),
    [leave.sse]: event(
      leave.sse,
      'A row was deleted, or went out of view.',
      change({ data: { type: 'null' } }, 'leave'),
    ),
    reset: event('reset', 'What is known has to be discarded; a snapshot follows.', record({ position: stringSchema })),
    by: event(
      'by',
      "The idempotency keys of the reader's own writes in the commit whose events follow.",
      record({ keys: { type: 'array', items: stringSchema } }),
    ),
    behind: event('behind', 'Something was left out. A reset follows.', { type: 'object' }),
    problem: event('problem', 'Why the server ends the stream.', { $ref: '#/components/schemas/Problem' }),
  }
}

/** An event. `id` is the position in the log. Only the last event of a commit has it. */
function event(name: string, summary: string, payload: Json): Json {
  return message(name, summary, payload, {
    headers: record({ event: { const: name }, 'id?': { type: 'string', description: 'Position, for Last-Event-ID.' } }),
  })
}

/** A name as a key of the document, which allows few characters. */
function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, sign => `_${sign.codePointAt(0)!.toString(16)}`)
}
