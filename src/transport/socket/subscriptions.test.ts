import { expect, test } from 'vitest'
import type { Call } from '../../engine/call/call.ts'
import type { Listener } from '../../live/subscriptions/subscription.ts'
import type { AskedSubscription } from './dialect.ts'
import { Subscriptions, type Subscriber } from './subscriptions.ts'

test('what happens while a subscription begins is told, with what it follows', async () => {
  const told: unknown[] = []
  const subscription = { drained: () => {}, close: () => {} }
  const live = {
    subscribe: async (_call: Call, listener: Listener) => {
      listener.snapshot([], '1.1', false)
      listener.batch('a step' as never, 'a group' as never)
      return subscription
    },
  }
  const mailbox = { push: () => true, answer: () => {} }
  const subscriber = {
    host: { live, engine: { limits: { subscriptions: 1 } } },
    mailbox,
    principal: null,
    standing: null,
  }
  const asked: AskedSubscription = {
    kind: 'subscribe',
    key: 1,
    twice: 'refuse',
    begun: () => told.push('begun'),
    follow: () => ({
      call: {} as Call,
      since: null,
      mode: 'every',
      teller: {
        snapshot: () => null,
        end: () => null,
        batch: (step: unknown, followed: unknown) => (told.push([step, followed]), null),
      },
    }),
    refuse: error => told.push(error),
  }
  await new Subscriptions(subscriber as unknown as Subscriber).subscribe(asked)
  expect(told).toEqual(['begun', ['a step', 'a group']])
})
