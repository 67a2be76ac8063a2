import { expect, test } from 'vitest'
import { t } from '../../schema/builder.ts'
import { ModelError } from './faults.ts'
import { link } from './link.ts'
import { resource } from '../declare/resource.ts'
import { always, never } from '../rules/rule.ts'

/** The faults of a resource with such rules, as start-up reports them. */
function faultsOf(rules: unknown): string[] {
  const note = resource({ id: t.id(), text: t.text(), size: t.calc({ of: t.integer(), get: () => 1 }) })
  try {
    link({ note: note.rules(() => rules as object) })
  } catch (thrown) {
    if (!(thrown instanceof ModelError)) throw thrown
    return thrown.faults.map(({ place, problem, fix }) => `${place}: ${problem}; ${fix}`)
  }
  return []
}

test.each([
  [
    'nothing',
    undefined,
    [
      'note.rules: cannot be read: its function returns no rules; build the rules from me and the row alone, without conditions',
    ],
  ],
  [
    'an operation that is misspelled',
    { read: always, delte: never },
    ['note.rules.delte: is not a rule; did you mean "delete"?'],
  ],
  [
    'another word for an operation',
    { update: never },
    ['note.rules.update: is not a rule; there is "read", "create", "write", "delete", "actions", "fields"'],
  ],
  [
    'a field that there is not',
    { fields: { txet: { read: never } } },
    ['note.rules.fields.txet: note has no field txet; did you mean "text"?'],
  ],
  [
    'a word of a field that is misspelled',
    { fields: { text: { wirte: never } } },
    ['note.rules.fields.text.wirte: is not a rule; did you mean "write"?'],
  ],
  [
    'an action that there is not',
    { actions: { send: never } },
    ['note.rules.actions.send: note has no action send; there is none to name'],
  ],
  [
    'what is no rule',
    { read: true },
    ['note.rules.read: is not a rule; compare a field with is, in, gt …, or use any, all, not, always, never, js'],
  ],
])('rules do not start with %s', (_, rules, faults) => expect(faultsOf(rules)).toEqual(faults))

test('rules of operations, actions and fields start', () => {
  expect(
    faultsOf({ read: always, create: never, write: never, delete: never, fields: { text: { read: never } } }),
  ).toEqual([])
})
