import type { Store } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'
import { spent, type Budgets, type Spent, type UsedBudget } from './rate-limiter.ts'

/** How the keys of budgets begin. */
const PREFIX = 'budget '

/** Budgets that all nodes share. */
export class SharedBudgets implements Budgets {
  readonly #store: Pick<Store, 'shared'>

  constructor(store: Pick<Store, 'shared'>) {
    this.#store = store
  }

  async list(most: number): Promise<UsedBudget[]> {
    const found = await this.#store.shared.list(PREFIX, most)
    return found.map(({ key, text }) => ({ key: key.slice(PREFIX.length), whole: Number(text) }))
  }

  spend(key: string, cost: number, window: number): Maybe<Spent> {
    return this.#store.shared.update(PREFIX + key, (text, now) => {
      const value = spent(text === undefined ? 0 : Number(text) - now, cost, window)
      if (!value.allowed) return { value }
      const whole = now + value.debt
      return { value, text: String(whole), until: whole }
    })
  }
}
