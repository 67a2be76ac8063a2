import { frameOf, type Batch, type Frame, type LiveEvent } from '../../live/event.ts'
import { formerRow } from '../../live/views/former-row.ts'
import type { Group } from '../../live/views/group.ts'
import { textFrame } from '../../transport/websocket/connection.ts'
import type { Stream } from './streams.ts'

/** What an answer repeats of its request, and its content. */
export interface EnvelopeAnswer {
  readonly stream: string | null
  readonly action: unknown
  readonly requestId: unknown
  readonly status: number
  readonly errors?: readonly unknown[]
  /** JSON text. Default: null. */
  readonly data?: string
  /** Only for clients that ask for it. */
  readonly position?: string | undefined
}

/** Makes an answer. It always has the five members of channels-api. */
export function envelopeAnswerFrame(answer: EnvelopeAnswer): Frame {
  const { stream, action, requestId, status, errors = [], data = 'null', position } = answer
  const at = position === undefined ? '' : `,"position":"${position}"`
  return textFrame(
    `{"stream":${JSON.stringify(stream)},"payload":{"errors":${JSON.stringify(errors)},"data":${data},` +
      `"action":${JSON.stringify(action)},"response_status":${status},"request_id":${JSON.stringify(requestId)}${at}}}`,
  )
}

/** The events to which clients subscribe by name. */
export type PushedAction = 'create' | 'update' | 'delete'
const pushed: readonly PushedAction[] = ['create', 'update', 'delete']

const actionNames = { enter: 'create', change: 'update', leave: 'delete' } as const
const actionOf = ({ kind }: LiveEvent): PushedAction => actionNames[kind]

/**
 * Makes the messages for subscribers to these events of a stream. All of them share the same bytes. The frame is empty if no
 * event matches.
 */
export function pushFrame(batch: Batch, group: Group, stream: Stream, actions: ReadonlySet<PushedAction>): Frame {
  const key = `envelope ${pushed.filter(action => actions.has(action)).join()} ${stream.name}`
  return frameOf(batch, key, { group, stream, actions }, makePushFrame)
}

interface Pushed {
  readonly group: Group
  readonly stream: Stream
  readonly actions: ReadonlySet<PushedAction>
}

function makePushFrame(batch: Batch, { group, stream, actions }: Pushed): Frame {
  const frames: Uint8Array[] = []
  for (const event of batch.events) {
    const action = actionOf(event)
    if (!actions.has(action)) continue
    frames.push(
      textFrame(
        `{"stream":${JSON.stringify(stream.name)},"payload":{"action":"${action}","pk":${JSON.stringify(event.id)},` +
          `"data":${event.body ?? formerRow(group, event)},"model":${JSON.stringify(stream.label)}}}`,
      ),
    )
  }
  return Buffer.concat(frames)
}

/** Makes the messages about one row for one `subscribe_instance`, which is identified by its request_id. */
export function instanceFrame(
  events: readonly Pick<LiveEvent, 'id' | 'body'>[],
  stream: Stream,
  requestId: unknown,
): Frame {
  return Buffer.concat(
    events.map(({ id, body }) => {
      const [action, status, data] =
        body === null ? ['delete', 204, `{"pk":${JSON.stringify(id)}}`] : ['update', 200, body]
      return textFrame(
        `{"stream":${JSON.stringify(stream.name)},"payload":{"errors":[],"data":${data},"action":"${action}",` +
          `"response_status":${status},"request_id":${JSON.stringify(requestId)}}}`,
      )
    }),
  )
}
