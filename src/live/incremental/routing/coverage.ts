import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import type { Field, Resource } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { anchorsAt, anchoredParts, cheapest, placeBeyond, type Anchor, type Place } from './anchors.ts'
import { idOnly } from './holds.ts'
import type { RelationPath, PathStep } from './path.ts'

/**
 * The paths from a place in the plan to all groups that a change there may affect. The value is true if only ids that were
 * added to or removed from the list at the end matter, because nothing else is read there.
 */
export type Coverage = Map<RelationPath, boolean>

/**
 * Whether the groups of a predicate's shape can be found from a place on its way; null = they cannot, so that changes
 * there must climb to the root.
 *
 * Why a cutoff by these paths is safe: suppose that a step makes a predicate true of a root row, or false. In the one of
 * the two states in which it is true, some rows prove it: one for each to-one step, and one witness for each `some`. If
 * every part that reads the place leads from each of its proving rows at the place to an anchor of the predicate, then
 * whichever of them changed leads, in that state, to a value at which the group waits. Rows that are no proof in either
 * state do not matter. Three things follow:
 *
 * - `not`, `none` and `every` are proved by what is absent, which leads nowhere: null.
 * - All parts of a conjunction are proved at once, but each `some` of them by a row of its own. So the anchor of one part
 *   stands for another part that reads the place only where the way there is to-one: then both speak of the same row.
 * - An alternative proves by itself: each one that reads the place needs paths of its own.
 *
 * Rows between the changed one and the root are not cut off, and both states are looked at. So it is enough that one of
 * several changes of a step is followed.
 */
export function coverageOf(root: Resource, where: Predicate, way: readonly PathStep[]): Coverage | null {
  return covering({ root, steps: [], at: root }, where, way)
}

function covering(place: Place, where: Predicate, way: readonly PathStep[]): Coverage | null {
  const { steps, at } = place
  if (!reads(where, at, way, steps.length)) return new Map()
  switch (where.kind) {
    case 'and': {
      const parts = anchoredParts(place, where.of)
      const chosen = cheapest(parts.map(({ anchors }) => anchors))
      if (!chosen) return null
      const reading = parts.filter(part => reads(part.where, at, way, steps.length))
      const [only, ...others] = reading
      if (only && others.length === 0 && only.anchors === chosen) return covering(place, only.where, way)
      // In a to-many relation, another part may be about other rows than the one that the anchor leads to.
      if (way.slice(steps.length).some(({ toMany }) => toMany)) return null
      return passingThrough(chosen, way, false)
    }
    case 'or': {
      const all: Coverage = new Map()
      for (const part of where.of) {
        const of = covering(place, part, way)
        if (!of) return null
        for (const [path, isSole] of of) all.set(path, (all.get(path) ?? true) && isSole)
      }
      return all
    }
    case 'one':
      return covering(placeBeyond(place, at.field.get(where.field) as PathStep), where.of, way)
    case 'many': {
      if (where.quantifier !== 'some') return null
      const field = at.field.get(where.field) as PathStep
      if (idOnly(field.target, where.of) === undefined) return covering(placeBeyond(place, field), where.of, way)
      const anchors = anchorsAt(place, where)
      return anchors && passingThrough(anchors, way, true)
    }
    case 'not':
      return null
    default: {
      const anchors = anchorsAt(place, where)
      return anchors && passingThrough(anchors, way, true)
    }
  }
}

/** The paths of the anchors, if all of them pass through the place. `isSole` = nothing else reads the place. */
function passingThrough(anchors: readonly Anchor[], way: readonly PathStep[], isSole: boolean): Coverage | null {
  const of: Coverage = new Map()
  for (const { path } of anchors) {
    if (path.steps.length < way.length || way.some((step, i) => path.steps[i] !== step)) return null
    const isList = path.steps.length === way.length && path.end.is === 'many'
    of.set(path, isSole && anchors.length === 1 && isList)
  }
  return of
}

/** Whether a predicate reads the place at the end of a way, or a relation on that way. */
function reads(where: Predicate, at: Resource, way: readonly Field[], depth: number): boolean {
  switch (where.kind) {
    case 'constant':
      return false
    case 'and':
    case 'or':
      return where.of.some(part => reads(part, at, way, depth))
    case 'not':
      return reads(where.of, at, way, depth)
    case 'one':
    case 'many': {
      if (depth >= way.length) return true
      const field = getOrThrow(at.field, where.field)
      if (field !== way[depth]) return false
      return depth + 1 === way.length || reads(where.of, field.target as Resource, way, depth + 1)
    }
    default: {
      const field = getOrThrow(at.field, where.field)
      return depth >= way.length || field === way[depth] || (field.is === 'count' && field.of === way[depth])
    }
  }
}
