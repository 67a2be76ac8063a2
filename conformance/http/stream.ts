import type { StreamEvent } from '../../src/testing/event-stream.ts'
import { late, within } from '../each.ts'
import { mismatches } from './match.ts'
import type { WireStream } from '../server/wire.ts'

/** What http.json says of a stream. */
export interface ExpectedStream<Asked> {
  readonly firstBytesWithinMs?: number
  readonly during?: readonly Asked[]
  /** A pattern of the event: its `event`, `id`, `data` (text) and `dataJson`. */
  readonly expectEvent?: object
  readonly withinMs?: number
}

/** Reads a stream while requests are sent, and compares; the faults that were found. */
export async function judgeStream<Asked>(
  stream: WireStream,
  expected: ExpectedStream<Asked>,
  send: (asked: Asked) => Promise<unknown>,
): Promise<string[]> {
  const { events } = stream
  const begun = await within(expected.firstBytesWithinMs ?? expected.withinMs ?? 2_000, events.begun())
  if (begun === late) return ['nothing came']
  for (const asked of expected.during ?? []) await send(asked)
  const { expectEvent } = expected
  if (!expectEvent) return []
  const seen: string[] = []
  const found = await within(expected.withinMs ?? 3_000, find())
  return found === late ? [`no such event, but ${seen.join(', ')}`] : []

  async function find(): Promise<void> {
    for (;;) {
      const [event] = await events.take(1)
      if (matches(event!, expectEvent!)) return
      seen.push(event!.event)
    }
  }
}

/**
 * Sends what is to be sent while a stream is open; what `capture` may take of the event that is looked for, or of the
 * first that came of a change.
 */
export async function streamed<Asked>(
  stream: WireStream,
  { during = [], expectEvent, withinMs }: ExpectedStream<Asked>,
  send: (asked: Asked) => Promise<unknown>,
): Promise<Readonly<Record<string, string | undefined>>> {
  await within(withinMs ?? usualMs, stream.events.begun())
  for (const asked of during) await send(asked)
  const found = await within(withinMs ?? usualMs, find(stream, expectEvent))
  if (found === late) throw new Error('no such event came')
  const { id, event, data } = found
  return { 'event:id': id, 'event:event': event, 'event:data': JSON.stringify(data) }
}

async function find(stream: WireStream, wanted: ExpectedStream<never>['expectEvent']): Promise<StreamEvent> {
  for (;;) {
    const [event] = await stream.events.take(1)
    const isIt = wanted ? matches(event!, wanted) : event!.event !== 'snapshot' && event!.event !== 'reset'
    if (isIt) return event!
  }
}

const usualMs = 3_000

function matches({ event, id, data }: StreamEvent, expected: object): boolean {
  return (
    mismatches(expected, { event, id, data: JSON.stringify(data), dataJson: data as unknown }, 'event').length === 0
  )
}
