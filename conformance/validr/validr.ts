import { isDeepStrictEqual } from 'node:util'
import { messageAt } from '../../src/dialects/restaction/text/report.ts'
import { departed, knownWords, playEach } from '../each.ts'
import { Unknown, type CaseResult, type RunOptions } from '../result.ts'
import { departures } from './departures.ts'
import { outcome, valueOf, type Expect, type SchemaCase } from './outcome.ts'

interface SchemaFile {
  readonly cases: readonly SchemaCase[]
}

/** Compiles every schema and validates its value; no store has a part in it. */
export function runValidr(file: SchemaFile, options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file.cases,
    one => one.id,
    options,
    one => play(one, options),
  )
}

const words = new Set([
  'id',
  'schema',
  'value',
  'shared',
  'expect',
  'validr-0.12.1',
  'confirmed',
  'source',
  'quirk',
  'note',
])
const endings = ['ok', 'error', 'schemaError', 'parsed', 'crashAtParse', 'crashAtValidate']
const outcomes = new Set([...endings, 'position', 'str', 'messageExact', 'text', 'type', 'kind', 'note'])

function play(one: SchemaCase, options: RunOptions): string | null {
  knownWords('case with', one, words)
  knownWords('expect', one.expect, outcomes)
  if (!endings.some(ending => ending in one.expect)) throw new Unknown(`expect ${Object.keys(one.expect).join(', ')}`)
  const expected = expectation(one, options)
  const found = outcome(one, 'parsed' in expected || !('value' in one))
  const wanted = told(expected, expected)
  if ([found, ...(found.others ?? [])].some(one => isDeepStrictEqual(told(one, expected), wanted))) return null
  const show = (value: unknown): string =>
    JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v))
  return `${show(one.schema)} ${show(expected)} wanted, ${show(found)} found`
}

/** What is wanted after every departure that speaks of the case. A crash of the original is a schema error. */
function expectation(one: SchemaCase, { onDeparture }: RunOptions): Expect {
  const { crashAtParse, crashAtValidate, ...expect } = one.expect
  const crash = crashAtParse ?? crashAtValidate
  const recorded: Expect = crash === undefined ? expect : { schemaError: crash, messageExact: false }
  const rules = departures.map(({ id, rewrite }) => ({ id, rewrite: (_: null, e: Expect) => rewrite(one, e) }))
  return departed(rules, null, recorded, id => onDeparture?.(id, one.id))
}

/** What of an outcome is compared: messages only where they are the original's own. */
function told(outcome: Expect, by: Expect): unknown {
  if ('schemaError' in outcome) {
    const { schemaError, position = '' } = outcome
    const at = 'position' in by ? position : null
    return by.messageExact ? { at, text: messageAt(schemaError ?? '', position) } : { at, schemaError: true }
  }
  if ('error' in outcome) return { error: outcome.error, position: outcome.position ?? '' }
  return 'parsed' in outcome ? 'parsed' : { ok: valueOf(outcome.ok) }
}
