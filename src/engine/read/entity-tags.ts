import type { Query } from '../../query/predicate.ts'
import { AT, SEQ, type Resource, type Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'
import type { Audience } from './audience.ts'
import { resourcesRead } from './resources-read.ts'
import type { View } from './view.ts'

/** A row's version as the conditions of writes are about it. */
export interface Version {
  /** `epoch.seq`, or what stands for it (shown-tags.ts). */
  readonly tag: string
  /** `epoch.seq` where the tag is another: frames of subscriptions name versions so. */
  readonly seq: string | null
  /** Milliseconds of its last change; null where that would tell of what the caller cannot see. */
  readonly at: number | null
}

/**
 * The entity tag of a row's representation: its version, and after another dot whatever distinguishes this representation from
 * the default one of the same version. Writes compare only the first two parts, because a write is about the version and not
 * about one representation of it. Callers from whom rules hide something get other tags (shown-tags.ts).
 */
export function itemTag(terms: Terms, view: View, row: Row, snapshot: Snapshot): string {
  const seq = row[SEQ] as number
  const version = terms.position(seq)
  if (view.variant === '') return version
  if (view.resources.length === 1) return `${version}.${view.variant}`
  const last = latest(snapshot, view.resources)
  // A row and what it shows of others may have changed in different terms.
  const same = terms.epochAt(seq) === terms.epochAt(last.lasting)
  const newest = same ? `${last.lasting}` : terms.position(last.lasting)
  return `${version}.${view.variant}.${newest}${last.fleeting}`
}

/** The entity tag of a list: the position of the last change to any resource that the list or its rules read. */
export function listTag(terms: Terms, view: View, query: Query, snapshot: Snapshot, audience: Audience | null): string {
  const last = latest(snapshot, resourcesRead(view, query), audience?.reads)
  const version = terms.position(last.lasting) + last.fleeting
  if (audience) return `${version}.${variantFor(view, audience)}`
  return view.variant === '' ? version : `${version}.${view.variant}`
}

function variantFor(view: View, audience: Audience): string {
  return view.variant === '' ? audience.key : `${view.variant}-${audience.key}`
}

/**
 * The newest change of several resources. Ephemeral rows have counters of their own, so they are a second number: as text,
 * empty if there are none.
 */
function latest(
  snapshot: Snapshot,
  shown: Iterable<Resource>,
  more: Iterable<Resource> = [],
): { readonly lasting: number; readonly fleeting: string } {
  let lasting = 0
  let fleeting = -1
  for (const resources of [shown, more]) {
    for (const resource of resources) {
      const seq = snapshot.changed(resource)
      if (resource.options.ephemeral) fleeting = Math.max(fleeting, seq)
      else lasting = Math.max(lasting, seq)
    }
  }
  return { lasting, fleeting: fleeting < 0 ? '' : `~${fleeting}` }
}

/**
 * The time of the last change in milliseconds, or null until its second is over. HTTP dates have a resolution of one second
 * (RFC 9110 §5.6.7), so a later change in the same second would look the same.
 */
export function modifiedOf(row: Row, now: number): number | null {
  const at = row[AT] as number
  return at > 0 && Math.floor(at / 1000) < Math.floor(now / 1000) ? at : null
}
