import type { Field, Resource } from '../model/model.ts'
import type { Shape } from '../query/predicate.ts'
import type { LiveEvent } from './event.ts'

/** How patches are made, for subscriptions that are told changed members only. */
export interface Patches {
  /** Whether related rows are shown. */
  readonly isDeep: boolean
}

/** How patches of rows of a shape are made. */
export function patchesOf({ depth, include, fields }: Shape): Patches {
  return { isDeep: depth > 1 || include.length > 0 || (fields?.some(path => path.includes('.')) ?? false) }
}

/**
 * Tells the contents of the events of one step, one after the other. A patch that is that of the last patched row is told once:
 * if a row is shown by many others, a change of it is the same patch for all of them.
 */
export function contentsOf(resource: Resource, patches: Patches | null): (event: LiveEvent) => string {
  let last: string | null = null
  return event => {
    const content = contentOf(resource, event, patches)
    if (!content.startsWith('"patch"')) return content
    const isSame = content === last
    last = content
    return isSame ? '' : content
  }
}

/**
 * The content of an event as a member of its message: `"patch":…`, or `"data":…` with the whole row if `patches` is null, if a
 * rule may hide members, or if the row is another one.
 */
function contentOf(resource: Resource, event: LiveEvent, patches: Patches | null): string {
  const { kind, body } = event
  const isWhole = patches === null || kind !== 'change' || hasMasks(resource)
  const patch = isWhole ? body : (changedMembers(resource, event, patches.isDeep) ?? '{}')
  return patch === body ? `"data":${body}` : `"patch":${patch}`
}

const hasMasks = ({ rules }: Resource): boolean => Object.values(rules?.fields ?? {}).some(rule => rule?.read)

/**
 * The members of a representation whose values have changed, as a JSON object. null = no shown member has changed. Members
 * whose changes are not in the record count as changed: related rows, lists whose rows have rules, and functions of the
 * declaration. Members with their own rules are always included, null if they are hidden, because the change may have been one
 * of visibility. `isDeep` = related rows are shown as well.
 */
export function changedMembers(resource: Resource, event: LiveEvent, isDeep: boolean): string | null {
  const { body, changes } = event
  if (changes === null) return body
  const ruled = Object.entries(resource.rules?.fields ?? {}).flatMap(([name, { read }]) => (read ? [name] : []))
  // Without a record of the row, only what it shows of other rows can have changed, unless rules or other programs decide.
  const isRelated = changes.length === 0 && isDeep && isOpen(resource)
  if (changes.length === 0 && ruled.length === 0 && !isRelated) return body
  const names = new Set<string>()
  for (const { changed, lists, before } of changes) {
    // A row that was deleted and created again is another row.
    if (before === null) return body
    for (const field of resource.columns) if (changed.includes(field.slot)) names.add(field.name)
    for (const { field } of lists) names.add(field)
  }
  for (const field of resource.fields)
    if (dependsOn(field, names) || isUntold(field, isDeep) || (isRelated && isMade(field))) names.add(field.name)
  const patch: Record<string, unknown> = {}
  const shown = JSON.parse(body!) as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(shown))
    if ((changes.length === 0 && !isRelated) || names.has(name)) patch[name] = value
  if (Object.keys(patch).length === 0) return null
  for (const name of ruled) patch[name] = Object.hasOwn(shown, name) ? shown[name] : null
  return JSON.stringify(patch)
}

function dependsOn(field: Field, names: ReadonlySet<string>): boolean {
  if (field.is === 'count') return names.has(field.of.name)
  return field.is === 'calc' && (field.uses === null || field.uses.some(name => names.has(name)))
}

/** Whether a field can change without a record of its row. */
function isUntold(field: Field, isDeep: boolean): boolean {
  if (field.is === 'count') return field.of.target.rules !== null
  if (field.is === 'one') return isDeep
  return (field.is === 'back' || field.is === 'many') && (isDeep || field.target.rules !== null)
}

/** Whether a field is calculated, perhaps from other rows. */
const isMade = ({ is }: Field): boolean => is === 'calc' || is === 'count'

/** Whether neither rules nor other programs decide what rows of a resource show, as far as their own members go. */
function isOpen({ rules, options, fields }: Resource): boolean {
  const targets = fields.flatMap(field => (field.target ? [field.target as Resource] : []))
  return rules === null && options.foreign === null && targets.every(one => one.rules === null)
}
