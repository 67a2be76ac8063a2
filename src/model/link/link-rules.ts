import { instead, noteAt, type Note, type NoteHere } from './faults.ts'
import type { Field, Resource } from '../model.ts'
import { ruleSetOf, type RulePlace, type Rule, type RuleFunction, type RuleSet } from '../rules/rule.ts'

const operations = ['read', 'create', 'write', 'delete'] as const
const words: readonly string[] = [...operations, 'actions', 'fields']
const fieldWords: readonly string[] = ['read', 'write']

/** Runs the function that declares rules, and checks all names in it. Faults are noted, not thrown. */
export function linkRules(resource: Resource, rules: RuleFunction, note: Note): RuleSet {
  let set: RuleSet
  try {
    set = ruleSetOf(rules)
    if (typeof set !== 'object' || set === null) throw new TypeError('its function returns no rules')
  } catch (error) {
    note(
      `${resource.name}.rules`,
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'build the rules from me and the row alone, without conditions',
    )
    return {}
  }
  // A misspelled rule would be ignored, and another one would hold in its place.
  refuseUnknown(set, words, `${resource.name}.rules`, note)
  for (const operation of operations)
    check(resource, set[operation], noteAt(note, `${resource.name}.rules.${operation}`))
  for (const [name, rule] of Object.entries(set.actions ?? {})) {
    const at = `${resource.name}.rules.actions.${name}`
    if (!resource.actions.has(name))
      note(at, `${resource.name} has no action ${name}`, instead(name, [...resource.actions.keys()]))
    check(resource, rule, noteAt(note, at))
  }
  for (const [name, rules] of Object.entries(set.fields ?? {})) {
    const at = `${resource.name}.rules.fields.${name}`
    const { read, write } = rules
    refuseUnknown(rules, fieldWords, at, note)
    if (!resource.field.has(name))
      note(at, `${resource.name} has no field ${name}`, instead(name, [...resource.field.keys()]))
    check(resource, read, noteAt(note, `${at}.read`))
    check(resource, write, noteAt(note, `${at}.write`))
  }
  return Object.freeze(set)
}

function refuseUnknown(set: object, known: readonly string[], at: string, note: Note): void {
  for (const word of Object.keys(set))
    if (!known.includes(word)) note(`${at}.${word}`, 'is not a rule', instead(word, known))
}

function check(resource: Resource, rule: Rule | undefined, note: NoteHere): void {
  if (rule === undefined) return
  if (typeof rule !== 'object' || rule === null || !('kind' in rule)) {
    note('is not a rule', 'compare a field with is, in, gt …, or use any, all, not, always, never, js')
    return
  }
  switch (rule.kind) {
    case 'and':
    case 'or':
      for (const part of rule.of) check(resource, part, note)
      return
    case 'not':
      return check(resource, rule.of, note)
    case 'compare':
    case 'in':
    case 'null':
    case 'text':
    case 'has':
      return checkPlace(resource, rule.left, rule.kind === 'has', note)
    case 'can': {
      const target = lastOf(resource, rule.left.path, note)
      if (target && !target.target) note(`${rule.left.path.join('.')} is not a relation`, 'ask .can of a relation')
      return
    }
    case 'constant':
    case 'signedIn':
    case 'js':
      return
  }
}

function checkPlace(resource: Resource, place: RulePlace, many: boolean, note: NoteHere): void {
  if (place.of === 'me') return
  const field = lastOf(resource, place.path, note)
  if (!field) return
  if (many && !field.toMany && !field.type?.list) note(`${place.path.join('.')} is not a list`, 'use is for one value')
  if (!many && field.toMany) note(`${place.path.join('.')} is a list`, 'use has')
  if (field.is === 'calc' || field.is === 'count' || field.is === 'self')
    note(`${place.path.join('.')} is not stored`, 'rules read stored fields and relations')
}

function lastOf(resource: Resource, path: readonly string[], note: NoteHere): Field | null {
  let here: Resource | null = resource
  let field: Field | undefined
  for (const [i, name] of path.entries()) {
    field = here?.field.get(name) ?? (name === 'id' ? here?.id : undefined)
    if (!field) {
      note(`${here?.name ?? 'the row'} has no field ${name}`, 'name a field of the resource')
      return null
    }
    if (i < path.length - 1 && (!field.target || field.toMany)) {
      note(
        `${path.slice(0, i + 1).join('.')} does not lead to one row`,
        'follow to-one relations; ask a list with has or can',
      )
      return null
    }
    here = field.target as Resource | null
  }
  return field ?? null
}
