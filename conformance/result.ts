/** What became of one case of a vector file. */
export interface CaseResult {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Of a failure: step and difference; of a skipped case: what the runner does not know. */
  readonly detail?: string
}

/** Which store the cases run over. */
export type StoreKind = 'memory' | 'sqlite'

export interface RunOptions {
  readonly store: StoreKind
  /** Hears of each departure that changes what a step (`case#3`) has to answer. */
  readonly onDeparture?: (id: string, step: string) => void
}
