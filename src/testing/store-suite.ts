import type { MakeStore } from './store-suite/opened.ts'
import { describe } from 'vitest'
import { keptTests } from './store-suite/kept.ts'
import { logTests } from './store-suite/log.ts'
import { publishedTests } from './store-suite/published.ts'
import { readTests } from './store-suite/reads.ts'
import { selectTests } from './store-suite/select.ts'
import { sharedTests } from './store-suite/shared.ts'
import { transactionTests } from './store-suite/transaction.ts'
import { visitTests } from './store-suite/visits.ts'
import { writeTests } from './store-suite/writes.ts'

/** Tests for every store. `make` is called for each test, and the store that it made is closed after it. */
export function storeSuite(name: string, make: MakeStore): void {
  describe(`${name} keeps the contract of a store:`, () => {
    describe('reads', () => readTests(make))
    describe('select', () => selectTests(make))
    describe('visits', () => visitTests(make))
    describe('writes', () => writeTests(make))
    describe('transactions', () => transactionTests(make))
    describe('texts that are kept', () => keptTests(make))
    describe('what processes share', () => sharedTests(make))
    describe('the change log', () => logTests(make))
    describe('what is no row', () => publishedTests(make))
  })
}
