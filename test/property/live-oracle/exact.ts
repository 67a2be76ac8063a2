import type { CallOptions } from '../../../src/model/rules/call-options.ts'
import type { Field, Resource } from '../../../src/model/model.ts'
import type { Rule } from '../../../src/model/rules/rule.ts'
import type { Asked } from './random-query.ts'
import { keysOf } from './client.ts'

/**
 * Whether the protocol promises one batch for each commit that changes the view (§8.5): its rows show only their own
 * fields, and these tell their order. Other views may merge commits that are told together.
 */
export function isExact(resource: Resource, { query }: Asked): boolean {
  const { limit, offset, sort, me } = query
  if (limit !== undefined || offset !== undefined || !showsItself(resource, query)) return false
  if (!keysOf(sort).every(key => isShown(resource, query, key.replace('-', '')))) return false
  const guards = me === undefined ? [] : Object.values(resource.rules?.fields ?? {})
  return guards.every(({ read }) => !read || !ruleReadsOthers(resource, read))
}

function isShown(resource: Resource, { depth = 1, fields }: CallOptions, name: string): boolean {
  return isStored(resource.field.get(name)) && (fields ? fields.includes(name) : depth > 0)
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

const isStored = (field: Field | undefined): boolean => field?.is === 'scalar' || field?.is === 'one'
const isList = (field: Field | undefined): field is Field & { is: 'back' | 'many' } =>
  field?.is === 'back' || field?.is === 'many'

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
