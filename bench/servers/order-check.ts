import type { Order } from './order.ts'

/** What the action of the benchmark does: little, so that what is around it is measured. One member too many shows that the answer is shaped. */
export function check({ price, ...order }: Order): object {
  return { ...order, total: price * 1.2, internal: true }
}
