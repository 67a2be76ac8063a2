// Faults planted into live queries: the random programs of test/property/live-oracle must find each of them.
// node test/fault/oracle-planted.ts [--only=TEXT]
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'

/** A piece of source that is replaced as it is loaded; nothing is written anywhere. */
export interface Planted {
  /** Below src. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Found {
  readonly name: string
  /** The first difference. */
  readonly what: string
  readonly seed: number
  /** Commits until it was found. */
  readonly commits: number
  readonly ms: number
}

const live = (file: string, find: string, replace: string): Planted => ({ file: `live/${file}`, find, replace })
const incremental = (file: string, find: string, replace: string): Planted => live(`incremental/${file}`, find, replace)

/** Windows hold one row more than they show, so that they soon run short of rows. */
const short = incremental('lists/ordered-list.ts', 'Math.min(20, Math.max(4, (end - start) >> 2))', '1')

export const planted: Readonly<Record<string, readonly Planted[]>> = {
  'a deleted row does not tell with whom it was paired': [
    { file: 'engine/write/unit-of-work.ts', find: 'lists: pairsOf(lists, resource) }', replace: 'lists: [] }' },
  ],
  'a change that no index covers does not reach the rows that it decides': [
    incremental('routing/plan.ts', 'if (!coverage) node.isOpen = true', 'if (!coverage) node.isOpen = false'),
  ],
  'the children of a row were those that it has now': [
    incremental('step/history.ts', 'if (!changed) return rows', 'if (changed || !changed) return rows'),
  ],
  'the pairs of a row were those that it has now': [
    incremental('step/history.ts', 'if (next.was) former.add(other)', 'if (!next.was) former.add(other)'),
  ],
  'the former parent of a row is forgotten': [
    incremental(
      'routing/climb.ts',
      'for (const row of [step.before.row(target, id), step.after.row(target, id)]) {',
      'for (const row of [step.after.row(target, id)]) {',
    ),
  ],
  'lists that are kept in memory stay as they were': [
    live('views/maintained-groups.ts', 'this.known.drop(history.pairs)', ''),
  ],
  'only who came to a list or left it is looked up, although its length counts': [
    incremental('routing/climb.ts', 'if (lists && isSole && ', 'if (lists && '),
  ],
  'the row that an anchor leads to stands for others of its list': [
    incremental('routing/coverage.ts', 'if (way.slice(steps.length).some(({ toMany }) => toMany)) return null', ''),
  ],
  'a step that goes on in a later turn sees related rows as they are by then': [
    incremental(
      'step/former-snapshot.ts',
      'return run(this.#select(resource, select))',
      'return super.select(resource, select)',
    ),
  ],
  'a window that runs short is not filled': [
    short,
    incremental('lists/ordered-list.ts', 'if (missing > 0 && this.#high) {', 'if (missing > Infinity && this.#high) {'),
  ],
  'rows before a window are not counted': [short, incremental('lists/ordered-list.ts', 'this.first += shift', '')],
  'a window that reaches further is not asked about more rows': [
    short,
    incremental('view-maintenance.ts', '    this.registry.index.moved(list)\n', ''),
  ],
  'a window is resumed as it is': [incremental('resume-view.ts', 'yield* alone.take(reversed(whole))', '')],
  'what rules hide changes and is not told': [
    incremental(
      'step/telling.ts',
      "if (kind === 'change' && digests.get(id) === digest) return false",
      "if (kind === 'change') return false",
    ),
  ],
}

const run = promisify(execFile)

/** Runs random programs with the faults planted until one differs. Rejects if none of `commits` commits does. */
export async function hunt(name: string, commits: number): Promise<Found> {
  const begin = performance.now()
  const args = [join(import.meta.dirname, 'oracle-hunt.ts'), JSON.stringify(planted[name]), `${commits}`]
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, NODE_ENV: 'test' } })
  const found = JSON.parse(stdout) as Pick<Found, 'what' | 'seed' | 'commits'> | null
  if (!found) throw new Error(`not found in ${commits} commits: ${name}`)
  return { name, ...found, ms: Math.round(performance.now() - begin) }
}

if (import.meta.main) {
  const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values
  for (const name of Object.keys(planted).filter(name => name.includes(only))) {
    const { ms, seed, commits, what } = await hunt(name, 100_000)
    console.log(`${String(ms).padStart(6)} ms ${String(commits).padStart(6)} commits, seed ${seed}: ${name} (${what})`)
  }
}
