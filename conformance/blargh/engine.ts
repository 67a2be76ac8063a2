import { departed, knownWords, playEach, type Closing } from '../each.ts'
import { Unknown, type CaseResult, type RunOptions } from '../result.ts'
import { castId, keyTypeOf } from './cast.ts'
import { departures } from './departures.ts'
import { expectation, type At, type Expected } from './expected.ts'
import { difference, judge, normalise, normaliseState } from './judge.ts'
import { isKey, modelOf } from './model.ts'
import { keyOf } from './oracle.ts'
import { dumpOf, storedOf } from './state.ts'
import { Target } from './target.ts'
import {
  words,
  type BlarghFile,
  type CaseVector,
  type ModelVector,
  type RequestStep,
  type Rows,
  type StepVector,
} from './vector.ts'

/** Runs every program, each over a store of its own. `fixed ?? expect` is what an answer is compared with. */
export function runBlargh(file: BlarghFile, options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file.cases,
    one => one.name,
    options,
    (one, closing, at) => play(file, one, options, closing, at),
  )
}

async function play(
  file: BlarghFile,
  one: CaseVector,
  options: RunOptions,
  closing: Closing,
  at: (place: string) => void,
): Promise<string | null> {
  knownWords('case with', one, words.case)
  knownWords('seed with', one.seed, words.seed)
  one.steps.forEach(refuseUnknown)
  let model = modelOf(file, one.model)
  const target = await Target.open(options.store, model, one.seed.stored)
  closing.defer(() => target.close())
  let stored = one.seed.stored
  let state = dumpOf(model, stored)
  for (const [index, step] of one.steps.entries()) {
    at(`#${index} ${step.op} ${JSON.stringify(step.args)}`)
    switch (step.op) {
      case 'model': {
        const next = modelOf(file, step.args.model)
        state = dumpOf(next, stored)
        model = next
        await target.remodel(model)
        break
      }
      case 'replace_storage':
        stored = step.args.stored
        state = dumpOf(model, stored)
        await target.reload(stored)
        break
      case 'get':
      case 'post':
      case 'put':
      case 'patch':
      case 'delete': {
        const recorded = step.fixed ?? step.expect
        const fault = await take(
          target,
          { case: one.name, index, model, step, recorded, before: state, stored },
          options,
        )
        if (fault !== null) return fault
        stored = recorded.stored ?? (recorded.dump ? storedOf(model, recorded.dump) : stored)
        state = recorded.dump ?? state
        break
      }
      default:
        throw new Unknown(`operation ${String((step as { readonly op?: unknown }).op)}`)
    }
  }
  return null
}

/** Words of a step that nothing reads. */
function refuseUnknown(step: StepVector): void {
  knownWords('step with', step, words.step)
  knownWords(`${step.op} with`, step.args, words.args)
  const { expect, fixed } = step as Partial<RequestStep>
  for (const one of [expect, fixed]) knownWords('expect', one ?? {}, words.expect)
}

async function take(target: Target, at: At, { store, onDeparture }: RunOptions): Promise<string | null> {
  const ids = newIds(at)
  const told = departed(departures, at, expectation(at), id => onDeparture?.(id, `${at.case}#${at.index}`))
  const expected = told.as ? await asWith(store, at, told.as, ids) : told
  target.ids.set(ids)
  const answer = await target.request(at.step)
  const fault = judge(at.model, at.step.args.name, answer, expected) ?? (await judgeState(target, at, expected))
  if (fault !== null) return fault
  if (expected.diverges) await target.reload(at.recorded.stored ?? storedOf(at.model, at.recorded.dump ?? {}))
  return null
}

/** What another body does to the same rows, which is what the step has to do. */
async function asWith(
  store: RunOptions['store'],
  at: At,
  data: unknown,
  ids: ReadonlyMap<string, readonly number[]>,
): Promise<Expected> {
  const twin = await Target.open(store, at.model, at.stored)
  try {
    twin.ids.set(ids)
    const { status, body } = await twin.request({ ...at.step, args: { ...at.step.args, data } })
    const dump = normaliseState(at.model, await twin.dump())
    return { status, body: normalise(at.model, at.step.args.name, body), dump, diverges: true }
  } finally {
    await twin.close()
  }
}

async function judgeState(target: Target, at: At, expected: Expected): Promise<string | null> {
  if (!expected.dump) return null
  const fault = difference('state', normaliseState(at.model, await target.dump()), expected.dump)
  if (fault !== null || !expected.stored || expected.diverges) return fault
  return difference('stored', await target.stored(), columnsOf(at.model, expected.stored))
}

/** The ids that a step introduces: how many a failed or repaired request burnt is nobody's business. */
function newIds({ model, before, recorded, step: { op, args } }: At): Map<string, number[]> {
  const out = new Map<string, number[]>()
  for (const object of model.objects) {
    if (keyTypeOf(model, object.name) !== 'int') continue
    const key = keyOf(object)
    const known = new Set((before[object.name] ?? []).map(row => row[key]))
    if (op === 'put' && object.name === args.name) known.add(castId(model, object.name, args.id))
    const made = (recorded.dump?.[object.name] ?? []).map(row => row[key] as number).filter(id => !known.has(id))
    out.set(
      object.name,
      made.toSorted((a, b) => a - b),
    )
  }
  return out
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
