import type { BatchOutcome } from '../../engine/batch/run-batch.ts'
import type { Outcome } from '../../engine/call/call.ts'
import { statusOf } from '../../engine/call/outcome.ts'

/** What the calls of a batch came to, as JSON text: an array of `{id?, status, body, etag?}`. */
export function batchText({ outcomes }: BatchOutcome, names: readonly (string | null)[]): string {
  const texts = outcomes.map((outcome, i) => {
    const name = names[i] ?? null
    const id = name === null ? '' : `"id":${JSON.stringify(name)},`
    const etag = 'etag' in outcome && outcome.etag !== null ? `,"etag":"${outcome.etag}"` : ''
    return `{${id}"status":${statusOf(outcome)},"body":${bodyOf(outcome)}${etag}}`
  })
  return `[${texts.join()}]`
}

const bodyOf = (outcome: Outcome): string => ('body' in outcome ? (outcome.body ?? 'null') : 'null')
