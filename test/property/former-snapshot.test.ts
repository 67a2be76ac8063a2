// Random models, queries and commits: an undone snapshot must select the former rows.
import { expect, test } from 'vitest'
import { api } from '../../src/index.ts'
import { ID, type Resource } from '../../src/model/model.ts'
import { isSortable, sortingOf } from '../../src/live/incremental/lists/sorting.ts'
import { isFollowable } from '../../src/live/incremental/routing/holds.ts'
import { FormerSnapshot } from '../../src/live/incremental/step/former-snapshot.ts'
import { KnownPairs } from '../../src/live/incremental/step/known-pairs.ts'
import { PresentState } from '../../src/live/incremental/step/state.ts'
import type { Select, Snapshot } from '../../src/store/store.ts'
import { wait, type Work } from '../../src/store/work.ts'
import { limits, programOf } from './live-oracle/program.ts'
import { perform } from './live-oracle/random-commits.ts'
import { built } from './live-oracle/random-model.ts'
import { callFor } from './live-oracle/random-query.ts'
import { held, kinds } from './live-oracle/stores.ts'

interface Question {
  readonly resource: Resource
  readonly select: Select
}

/** Commits that a snapshot is taken back by. */
const BACK = 5

test.each(kinds)('over %s, an undone snapshot selects the former rows', async kind => {
  let different = 0
  for (let seed = 1; seed <= 15; seed++) {
    const { declaration, subscribers, steps } = await programOf(seed)
    const app = api(built(declaration), { store: held(kind).store, limits, report: () => {} })
    const { engine, store } = app
    const [first, ...commits] = steps.flatMap(step => ('commits' in step ? step.commits : []))
    await perform(app, first!)
    const wholes = subscribers.flatMap(asked => {
      const { resource, query } = callFor(engine, asked)
      if (!query || !isSortable(resource, query.sort) || !isFollowable(resource, query.where)) return []
      return [{ resource, select: { where: query.where, sort: query.sort, limit: null, offset: 0, cursor: null } }]
    })
    const questions = await store.read(snapshot => pagesOf(snapshot, wholes))
    for (let i = 0; i < commits.length; i += BACK) {
      const before = await store.read(snapshot => answersOf(snapshot, questions))
      for (const commit of commits.slice(i, i + BACK)) await perform(app, commit)
      const since = (await store.commits(before.position, 1e6))!
      if (since.length === 0) continue
      const after = await store.read(snapshot => answersOf(snapshot, questions))
      const former = await store.read(now => answersOf(new FormerSnapshot(now, before.position, since), questions))
      expect(former, `seed ${seed}, back at ${before.position}`).toEqual(before)
      if (after.ids.join('|') !== before.ids.join('|')) different++
    }
    await app.close()
  }
  expect(different).toBeGreaterThan(30)
})

/** Whole lists, and pages of them by offset and around the row in the middle. */
function* pagesOf(snapshot: Snapshot, wholes: readonly Question[]): Work<Question[]> {
  const questions: Question[] = []
  for (const { resource, select } of wholes) {
    const add = (more: Partial<Select>): void => void questions.push({ resource, select: { ...select, ...more } })
    add({})
    add({ limit: 3, offset: 1 })
    const rows = yield* wait(snapshot.select(resource, select))
    const middle = rows[rows.length >> 1]
    if (!middle) continue
    const sorting = sortingOf(resource, select.sort)
    const present = new PresentState(snapshot, new KnownPairs(0))
    const keys = sorting.cursorOf(yield* present.settled(() => sorting.entryOf(middle, present)))
    for (const before of [false, true]) add({ limit: 3, cursor: { before, keys } })
  }
  return questions
}

function* answersOf(snapshot: Snapshot, questions: readonly Question[]): Work<{ position: number; ids: unknown[][] }> {
  const ids: unknown[][] = []
  for (const { resource, select } of questions) {
    ids.push((yield* wait(snapshot.select(resource, select))).map(row => row[ID]))
    ids.push([yield* wait(snapshot.count(resource, select.where))])
  }
  return { position: snapshot.position, ids }
}
