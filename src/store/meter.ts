/** A query visited more rows than it was allowed to. */
export class Exhausted extends Error {
  constructor() {
    super('more rows were visited than allowed')
    this.name = 'Exhausted'
  }
}

/**
 * Counts the rows that a query visits. SQLite calls it for each of them, and what it throws ends the statement: that
 * costs some 70 ns a row and no memory, and node:sqlite has no other way to interrupt a statement.
 */
export class Meter {
  #visited = 0
  #most: number

  constructor(most: number = Infinity) {
    this.#most = most
  }

  get visited(): number {
    return this.#visited
  }

  /** Always true for SQL. */
  visit(rows: number = 1): 1 {
    this.#visited += rows
    if (this.#visited > this.#most) throw new Exhausted()
    return 1
  }

  allow<T>(most: number, work: () => T): T {
    this.#visited = 0
    this.#most = most
    try {
      return work()
    } finally {
      this.#most = Infinity
    }
  }
}
