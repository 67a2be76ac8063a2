import { createHash } from 'node:crypto'
import type { Model } from '../../model/model.ts'
import { canonicalJson } from '../../protocol/canonical-json.ts'
import { misfitsOf, unknownRequirement } from './misfits.ts'
import type { DatabaseShape } from './shape.ts'

/** The key of `_restuary_meta` under which the shapes are kept that declarations have asked for, as digests, the newest last. */
export const FORMER_SHAPES = 'former shapes'
/** How many are kept. */
const KEPT = 100

/** What start-up says if it leaves the tables to a later version. */
export const LATER =
  'a later version of this application has used the database. Its tables stay as they are, and this version serves what it knows of them'

/** A digest of what a declaration needs of a database. */
export function shapeDigest(shape: DatabaseShape): string {
  return createHash('sha256').update(canonicalJson(shape)).digest('base64url')
}

/**
 * The declarations that have used the file. One that is among them, and not the newest, is that of an earlier version: its
 * processes may start again while those of the next one come, or after it was withdrawn. It must not undo what the next one has
 * changed.
 */
export function formerShapes(text: string | undefined): readonly string[] {
  return JSON.parse(text ?? '[]') as string[]
}

/** The list with a declaration that uses the database. An earlier version does not become the newest by starting again. */
export function withShape(known: readonly string[], digest: string): string {
  return JSON.stringify(known.includes(digest) ? known : [...known, digest].slice(-KEPT))
}

/** Why an earlier version cannot be served from the tables of a later one. null = it can. */
export function laterMisfit(model: Model, needed: DatabaseShape, is: DatabaseShape): string | null {
  const [why] = misfitsOf(model, needed, is).values()
  if (why !== undefined) return why
  const column = unknownRequirement(needed, is)
  if (column !== null) return `${column} must have a value now`
  for (const [table, { indexes }] of Object.entries(needed))
    for (const [name, { unique, columns }] of Object.entries(indexes))
      if (unique && is[table]?.indexes[name] === undefined) return `${table}.${columns.join('+')} is no longer unique`
  return null
}

/** Tells that an earlier version does not fit any more. */
export function tooOld(why: string, plan: string): string {
  return [
    'The database was changed for a later version of this application, and this one does not fit any more:',
    `  ${why}`,
    `Start the later version, or take back the plan that was applied last, ${plan}, with what it declares:`,
    '  restuary migrate down',
  ].join('\n')
}
