// Holes planted into rules, each to be found by random models: node test/rules/learn/planted.ts [--only=TEXT]
import { execFile } from 'node:child_process'
import { registerHooks } from 'node:module'
import { parseArgs, promisify } from 'node:util'

/** A piece of source, below src, that is replaced as it is loaded; nothing is written anywhere. */
type Hole = readonly [file: string, find: string, replace: string]

export const holes: Readonly<Record<string, Hole>> = {
  'PUT resets what its caller may not write': [
    'engine/write/set-fields.ts',
    'isReset(field) && (yield* mayWrite(unit, instance, field))',
    'isReset(field)',
  ],
  'a relation is written by the rules of one side': [
    'engine/rules/other-side-rules.ts',
    'if (guard.open) return\n  // The row as it was',
    'if (guard.open || guard) return\n  // The row as it was',
  ],
  'readonly holds on its own side alone': [
    'engine/rules/other-side-rules.ts',
    'if (field.readonly && !unit.mode.readonlyIsOneSided)',
    'if (field.readonly && unit.mode.readonlyIsOneSided)',
  ],
  'a nested list is read whoever may read its field': [
    'engine/read/check-parent.ts',
    'if (shown.length === 0)',
    'if (shown.length > Infinity)',
  ],
  'hidden rows are counted by filters': [
    'engine/rules/narrow.ts',
    'if (seen.open) return where',
    'if (seen) return where',
  ],
  'hidden rows decide the order': [
    'engine/read/sort-in-memory.ts',
    'if (guard.open) return group(',
    'if (guard) return group(',
  ],
  'functions see hidden rows': [
    'engine/read/related/load-related.ts',
    'ids: group(yield* this.#pairs({ field, owners, limit }))',
    'ids: group(yield* wait(relatedIds(this.#snapshot, { field, owners, limit })))',
  ],
  'tags of rows move with what is hidden': [
    'engine/read/entity-tags.ts',
    'return view.isRuled && audienceOf(view, null, permissions) !== null\n}\n\n/** Whether the tags',
    'return view.isRuled && view === null\n}\n\n/** Whether the tags',
  ],
  'histories tell that something hidden changed': [
    'engine/past/history.ts',
    'if (slots && before && !lists &&',
    'if (slots === null && before && !lists &&',
  ],
  'filters find rows by hidden ones': [
    'engine/rules/narrow.ts',
    "if (where.kind === 'one') return Object.freeze({ ...where, of: both(seen.predicate, of) })",
    "if (where.kind === 'one') return Object.freeze({ ...where, of })",
  ],
}

const run = promisify(execFile)

/** Runs random models with a hole until one shows it: milliseconds and the seed. Rejects if none of `models` does. */
export async function hunt(name: string, models: number): Promise<{ ms: number; seed: number; what: string }> {
  const begin = performance.now()
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, `--hole=${name}`, `--models=${models}`]
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, NODE_ENV: 'test' } })
  const found = JSON.parse(stdout) as { seed: number; what: string } | null
  if (!found) throw new Error(`not found in ${models} models: ${name}`)
  return { ms: Math.round(performance.now() - begin), ...found }
}

async function search(hole: Hole, models: number): Promise<void> {
  const [file, find, replace] = hole
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.endsWith(`/src/${file}`)) return loaded
      const source = String(loaded.source)
      if (source.split(find).length !== 2) throw new Error(`${file} does not have once: ${find}`)
      return { ...loaded, source: source.replace(find, () => replace) }
    },
  })
  const { learn, noFigures } = await import('./run.ts')
  const alive = setInterval(() => {}, 1_000)
  let found = null
  for (let seed = 1; !found && seed <= models; seed++) {
    const what = await learn(seed, 12, noFigures())
    if (what) found = { seed, what: what.split('\n')[0] }
  }
  console.log(JSON.stringify(found))
  clearInterval(alive)
}

if (import.meta.main) {
  const options = {
    only: { type: 'string', default: '' },
    hole: { type: 'string' },
    models: { type: 'string' },
  } as const
  const { only, hole, models = '1000' } = parseArgs({ options }).values
  if (hole !== undefined) await search(holes[hole]!, Number(models))
  else
    for (const name of Object.keys(holes).filter(one => one.includes(only))) {
      const { ms, seed, what } = await hunt(name, Number(models))
      console.log(`${String(ms).padStart(6)} ms, seed ${seed}: ${name} (${what})`)
    }
}
