import { isDeepStrictEqual } from 'node:util'
import { departures } from './departures.ts'
import { expectation, type At, type Expected } from './expected.ts'
import { difference, judge, normaliseState } from './judge.ts'
import { isKey, UnknownFunction } from './model.ts'
import { keyOf } from './oracle.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { dumpOf, storedOf } from './state.ts'
import { Target } from './target.ts'
import type { BlarghFile, CaseVector, ModelVector, Rows } from './vector.ts'

/** Whether a file holds programs for blargh's engine. */
export function isBlargh(file: unknown): file is BlarghFile {
  const cases = (file as Partial<BlarghFile> | null)?.cases
  return Array.isArray(cases) && cases.every(c => 'seed' in c && 'steps' in c && !('base' in c))
}

/** Runs every program, each over a store of its own. `fixed ?? expect` is what an answer is compared with. */
export async function runBlargh(file: BlarghFile, options: RunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of file.cases) results.push(await runCase(file, one, options))
  return results
}

async function runCase(file: BlarghFile, one: CaseVector, options: RunOptions): Promise<CaseResult> {
  let target: Target | null = null
  let place = 'seed'
  try {
    let model = modelOf(file, one.model)
    target = await Target.open(options.store, model, one.seed.stored)
    let state = dumpOf(model, one.seed.stored)
    for (const [index, step] of one.steps.entries()) {
      place = `#${index} ${step.op} ${JSON.stringify(step.args)}`
      if (step.op === 'model') {
        const next = modelOf(file, step.args.model)
        state = dumpOf(next, storedOf(model, state))
        model = next
        await target.remodel(model)
      } else if (step.op === 'replace_storage') {
        state = dumpOf(model, step.args.stored)
        await target.reload(step.args.stored)
      } else {
        const at: At = { case: one.name, index, model, step, recorded: step.fixed ?? step.expect, before: state }
        const fault = await take(target, at, options)
        if (fault !== null) return { name: one.name, outcome: 'failed', detail: `${place}\n    ${fault}` }
        state = at.recorded.dump ?? state
      }
    }
    return { name: one.name, outcome: 'passed' }
  } catch (error) {
    if (error instanceof UnknownFunction) return { name: one.name, outcome: 'skipped', detail: error.message }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { name: one.name, outcome: 'failed', detail: `${place}\n    ${text}` }
  } finally {
    await target?.close()
  }
}

async function take(target: Target, at: At, { onDeparture }: RunOptions): Promise<string | null> {
  const expected = departed(at, id => onDeparture?.(id, `${at.case}#${at.index}`))
  target.ids.set(newIds(at))
  const answer = await target.request(at.step)
  const fault = judge(at.model, at.step.args.name, answer, expected) ?? (await judgeState(target, at, expected))
  if (fault !== null) return fault
  if (expected.diverges) await target.reload(at.recorded.stored ?? storedOf(at.model, at.recorded.dump ?? {}))
  return null
}

async function judgeState(target: Target, at: At, expected: Expected): Promise<string | null> {
  if (!expected.dump) return null
  const fault = difference('state', normaliseState(at.model, await target.dump()), expected.dump)
  if (fault !== null || !expected.stored || expected.diverges) return fault
  return difference('stored', await target.stored(), columnsOf(at.model, expected.stored))
}

/** What is expected after every departure that speaks of the step. */
function departed(at: At, note: (id: string) => void): Expected {
  return departures.reduce((expected, departure) => {
    const other = departure.rewrite(at, expected)
    if (other !== null && !isDeepStrictEqual(other, expected)) note(departure.id)
    return other ?? expected
  }, expectation(at))
}

/** The ids that a step introduces: how many a failed or repaired request burnt is nobody's business. */
function newIds(at: At): Map<string, number[]> {
  const out = new Map<string, number[]>()
  for (const object of at.model.objects) {
    const key = keyOf(object)
    const before = new Set((at.before[object.name] ?? []).map(row => row[key]))
    const added = (at.recorded.dump?.[object.name] ?? []).map(row => row[key]).filter(id => !before.has(id))
    const chosen = at.step.op === 'put' && object.name === at.step.args.name ? String(at.step.args.id) : null
    const handed = added.filter((id): id is number => typeof id === 'number' && String(id) !== chosen)
    out.set(
      object.name,
      handed.toSorted((a, b) => a - b),
    )
  }
  return out
}

function modelOf(file: BlarghFile, name: string): ModelVector {
  const model = file.models[name]
  if (!model) throw new UnknownFunction(`model ${name}`)
  return model
}

/** Of recorded stored rows what our tables hold as columns: scalars and keys, in the order of the model, id first. */
function columnsOf(model: ModelVector, stored: Rows): Rows {
  return Object.fromEntries(
    model.objects.map(object => {
      const names = object.fields
        .filter(f => f.kind === 'scalar' || (f.kind === 'rel' && !f.multi && isKey(model, object, f)))
        .map(f => f.name)
      const columns = [object.pkey, ...names.filter(name => name !== object.pkey)]
      const pick = (row: Rows[string][number]): Rows[string][number] =>
        Object.fromEntries(columns.filter(c => row[c] !== undefined).map(c => [c, row[c]]))
      return [object.name, (stored[object.name] ?? []).map(pick)]
    }),
  )
}
