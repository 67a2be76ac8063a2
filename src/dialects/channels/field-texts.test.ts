import { expect, test } from 'vitest'
import { resource } from '../../model/declare/resource.ts'
import { link } from '../../model/link/link.ts'
import { t } from '../../schema/builder.ts'
import { fieldText } from './field-texts.ts'

test('a value with a toString of its own is told, and not called', () => {
  const task = link({ task: resource({ id: t.id(), size: t.enum(['small', 'large']) }) }).resources.get('task')!
  const issue = { code: 'enum' as const, pointer: '#/size', detail: 'is none of these' }
  expect(fieldText(task, 'size', issue, { toString: 1 })).toBe('"{"toString":1}" is not a valid choice.')
  expect(fieldText(task, 'size', issue, 'huge')).toBe('"huge" is not a valid choice.')
})
