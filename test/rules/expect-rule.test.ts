import { expect, test } from 'vitest'
import { memory } from '../../src/index.ts'
import { expectRule, ruleMatrix } from '../../src/testing/expect-rule.ts'
import { fill, household, world } from './household.ts'

const [ann, bob, , root] = world.users

test('expectRule says which part of a rule decided', async () => {
  const app = household(memory())
  await fill(app)
  await expectRule(app, 'list').as(ann!).sees([1, 2, 3])
  await expectRule(app, 'list', 'write').as(bob!).may(2, 4)
  await expectRule(app, 'list', 'write').as(bob!).mayNot(1, 3)
  await expectRule(app, 'list').as(null).sees([])
  await expect(expectRule(app, 'list', 'write').as(bob!).may(3)).rejects.toThrow(
    [
      'bob may not write list 3:',
      '✗ all of',
      '  ✓ any of',
      '    ✓ row.owner.is(me)',
      '    ✗ row.members.has(me)',
      '  ✗ not',
      '    ✓ row.locked.is(true)',
    ].join('\n'),
  )
  await expect(expectRule(app, 'todo').as(bob!).sees([])).rejects.toThrow(
    'bob may read todo 3:\n✓ all of\n  ✓ row.list.can("read")',
  )
})

test('the matrix shows which rights depend on the row', () => {
  const app = household(memory())
  expect(ruleMatrix(app, { nobody: null, ann: ann!, root: root! }).split('\n')).toEqual([
    '                 nobody  ann  root',
    'user read          ✗      ✓    ✓',
    'user create        ✗      ✗    ✓',
    'user write         ✗      ~    ✓',
    'user delete        ✗      ✗    ✓',
    'user.role write    ✗      ✗    ✓',
    'user.phone read    ✗      ~    ~',
    'list read          ✗      ~    ✓',
    'list create        ✗      ~    ~',
    'list write         ✗      ~    ~',
    'list delete        ✗      ~    ~',
    'todo read          ✗      ~    ~',
    'todo create        ✗      ~    ~',
    'todo write         ✗      ~    ~',
    'todo delete        ✗      ~    ~',
  ])
})
