import type { Store } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'
import { spent, type Budgets, type Spent } from './rate-limiter.ts'

/** Budgets that all nodes share. */
export class SharedBudgets implements Budgets {
  readonly #store: Pick<Store, 'shared'>

  constructor(store: Pick<Store, 'shared'>) {
    this.#store = store
  }

  spend(key: string, cost: number, window: number): Maybe<Spent> {
    return this.#store.shared.update(`budget ${key}`, (text, now) => {
      const value = spent(text === undefined ? 0 : Number(text) - now, cost, window)
      if (!value.allowed) return { value }
      const whole = now + value.debt
      return { value, text: String(whole), until: whole }
    })
  }
}
