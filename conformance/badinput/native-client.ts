import { NativeClient } from '../../src/testing/native-client.ts'
import { identityOf, type Bench } from './bench.ts'
import { codesOf } from './codes.ts'
import type { Came } from './vector.ts'

/** A connection that has been greeted. */
export async function openNative(bench: Bench): Promise<NativeClient> {
  const client = await NativeClient.open(`ws://127.0.0.1:${bench.wire.port}/`, identityOf(bench))
  client.keep = true
  await client.hear(frame => frame.op === 'hello')
  return client
}

/** What a client has heard, as codes. */
export function came(client: NativeClient): Came {
  const codes: string[] = []
  for (const frame of client.all) {
    if (frame.error) codes.push(...codesOf(frame.error))
    else if (frame.op === 'reset') codes.push('reset')
    else if (frame.events) codes.push(...frame.events.map((event: any) => event.kind))
    else if (frame.status < 400 && frame.id !== 'last') codes.push('ok')
  }
  if (client.closed) codes.push('close', `close_${client.closed.code}`, client.closed.reason)
  return { codes, text: JSON.stringify(client.all) }
}
