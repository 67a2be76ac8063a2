import type { Limits } from '../../protocol/limits.ts'
import type { Visits } from '../../store/store.ts'
import { isRead, type Call } from '../call/call.ts'
import { accountOf } from './rate-limiter.ts'

/** Rows that queries of one call may visit; whom they are charged to is only asked where there are many. */
class CallVisits implements Visits {
  readonly most: number
  readonly #call: Call

  constructor(most: number, call: Call) {
    this.most = most
    this.#call = call
  }

  get account(): string {
    return accountOf(this.#call)
  }
}

/** Makes what each call may visit. The application itself may visit all there is; what is within a transaction ends in this turn. */
export function visitsOf(limits: Limits): (call: Call, isWithin: boolean) => Visits | undefined {
  const inTurn = visitsInTurn(limits)
  return (call, isWithin) => {
    if (call.unbounded) return undefined
    return isWithin || !isRead(call.operation) ? inTurn : new CallVisits(limits.visitedRows, call)
  }
}

/** For queries that have to end in this turn. */
export function visitsInTurn({ visitedInTurn }: Limits): Visits {
  return Object.freeze({ most: visitedInTurn, account: null })
}
