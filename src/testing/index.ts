/** What tests of an API may need: `restuary/testing`. */
export { expectRule, ruleMatrix, type RuleExpectation } from './expect-rule.ts'
export { fixtures } from './rows/fixtures.ts'
export {
  testClient,
  type TestConnection,
  type HeardEvents,
  type HttpAnswer,
  type SocketIoConnection,
  type TestClient,
  type TestClientOptions,
} from './test-client.ts'
export type { StreamEvent } from './event-stream.ts'
