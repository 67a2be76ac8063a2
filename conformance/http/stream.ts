import type { StreamEvent } from '../../src/testing/event-stream.ts'
import { mismatches } from './match.ts'
import type { WireStream } from '../server/wire.ts'

/** What http.json says of a stream. */
export interface ExpectedStream<Asked> {
  readonly firstBytesWithinMs?: number
  readonly during?: readonly Asked[]
  readonly expectEvent?: { readonly event?: unknown; readonly id?: unknown; readonly dataJson?: unknown }
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

/** The first event that came of a change, for `capture`. */
export async function changeOf(stream: WireStream): Promise<StreamEvent> {
  for (;;) {
    const [event] = await stream.events.take(1)
    if (event!.event !== 'snapshot' && event!.event !== 'reset') return event!
  }
}

function matches(event: StreamEvent, expected: NonNullable<ExpectedStream<never>['expectEvent']>): boolean {
  const faults = [
    ...(expected.event === undefined ? [] : mismatches(expected.event, event.event, 'event')),
    ...(expected.id === undefined ? [] : mismatches(expected.id, event.id, 'id')),
    ...(expected.dataJson === undefined ? [] : mismatches(expected.dataJson, event.data, 'data')),
  ]
  return faults.length === 0
}

const late = Symbol('late')

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | typeof late> {
  const { promise, resolve } = Promise.withResolvers<typeof late>()
  const timer = setTimeout(() => resolve(late), milliseconds)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
