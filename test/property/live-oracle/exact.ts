import type { CallOptions } from '../../../src/model/operations.ts'
import type { Field, Resource } from '../../../src/model/model.ts'
import type { Rule } from '../../../src/model/rule.ts'
import type { Asked } from './random-query.ts'
import { keysOf } from './client.ts'

/**
 * Whether the protocol promises one batch for each commit that changes the view (§8.5). Today it does so for views that
 * are selected, ordered and shown by stored fields of the row alone; others may merge commits that are told together.
 */
export function isExact(resource: Resource, { query, parent }: Asked): boolean {
  const { limit, offset, sort, filter, me } = query
  if (parent || limit !== undefined || offset !== undefined || !showsItself(resource, query)) return false
  if (keysOf(sort).some(key => !isStored(resource.field.get(key.replace(/^-/, ''))))) return false
  if (filter !== undefined && readsOthers(resource, filter)) return false
  const { read, fields = {} } = resource.rules ?? {}
  const rules = [read, ...Object.values(fields).map(field => field.read)]
  return me === undefined || rules.every(rule => !rule || !ruleReadsOthers(resource, rule))
}

function showsItself(resource: Resource, { depth = 1, include = [], fields }: CallOptions): boolean {
  if (depth > 1 || include.length > 0) return false
  if (depth === 0 && !fields) return true
  const shown = fields ? fields.map(path => resource.field.get(path)) : resource.fields
  return shown.every(
    field =>
      isStored(field) ||
      (field?.is === 'calc' && (field.uses ?? []).every(name => isStored(resource.field.get(name)))) ||
      field?.is === 'self' ||
      (isList(field) && !fields && !field.ids),
  )
}

/** Operators on the foreign key itself; everything else reads the related row. */
const onId = new Set(['$eq', '$ne', '$in', '$nin', '$null'])

const isStored = (field: Field | undefined): boolean => field?.is === 'scalar' || field?.is === 'one'
const isList = (field: Field | undefined): field is Field & { is: 'back' | 'many' } =>
  field?.is === 'back' || field?.is === 'many'

function readsOthers(resource: Resource, filter: unknown): boolean {
  return Object.entries(filter as object).some(([key, value]) => {
    if (key === '$and' || key === '$or') return (value as unknown[]).some(part => readsOthers(resource, part))
    if (key === '$not') return readsOthers(resource, value)
    const field = resource.field.get(key)
    if (!isStored(field)) return true
    return (
      field!.target !== null &&
      typeof value === 'object' &&
      value !== null &&
      !Object.keys(value).every(name => onId.has(name))
    )
  })
}

function ruleReadsOthers(resource: Resource, rule: Rule): boolean {
  switch (rule.kind) {
    case 'and':
    case 'or':
      return rule.of.some(part => ruleReadsOthers(resource, part))
    case 'not':
      return ruleReadsOthers(resource, rule.of)
    case 'can':
      return true
    case 'compare':
    case 'in':
    case 'null':
    case 'text':
    case 'has':
      return rule.left.of === 'row' && (rule.left.path.length > 1 || !isStored(resource.field.get(rule.left.path[0]!)))
    case 'constant':
    case 'signedIn':
    case 'js':
      return false
  }
}
