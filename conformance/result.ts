import type { Store } from '../src/store/store.ts'

/** The result of one case in a vector file. */
export interface CaseResult {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** For a failure: the step and the difference. For a skipped case: the words that the runner does not know. */
  readonly detail?: string
}

/** Which store the cases run over: one that needs nothing, or what makes empty ones. */
export type StoreKind = 'memory' | 'sqlite' | (() => Store)

export interface RunOptions {
  readonly store: StoreKind
  /** Called for each departure that changes the expected answer of a step (`case#3`). */
  readonly onDeparture?: (id: string, step: string) => void
  /** Milliseconds that a case may take. Default 60,000: the longest waits for a server to give up on its clients. */
  readonly limitMs?: number
}

/** Where Restuary answers otherwise than a vector on purpose: a rule about behaviour, and the reason for it. */
export interface Reason {
  readonly id: string
  readonly why: string
}

/** A word that the runner does not know: the case is skipped, and the word named. */
export class Unknown extends Error {
  override readonly name = 'Unknown'
}
