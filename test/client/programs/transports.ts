// The ways of live queries that the random programs go.
import type { ClientOptions } from '../../../src/client/index.ts'
import { streams } from '../../../src/client/transports/streams.ts'
import type { Network } from './network.ts'

export const transports: Readonly<Record<string, (network: Network) => ClientOptions>> = {
  'restuary.1': () => ({}),
  'Server-Sent Events': () => ({ transport: streams }),
}
