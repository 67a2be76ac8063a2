import { expect, test } from 'vitest'
import { permits, type Caller } from '../../model/rules/permission.ts'
import {
  AllowAny,
  IsAuthenticated,
  permissionClasses,
  type PermissionClass,
  type PermissionObject,
} from './permission.ts'

const ann: Caller = { id: 1 }
class Reads implements PermissionObject {
  hasPermission(_: Caller, action: string): boolean {
    return action === 'retrieve' || action === 'list'
  }
}
class Forgets {
  hasPermission(): boolean {
    return undefined as never
  }
}
const own = (who: Caller, _: string, pk: unknown): boolean => who?.id === pk

test.each<[string, PermissionClass[], Caller, string, unknown, boolean]>([
  ['nothing asked', [], null, 'list', undefined, true],
  ['anyone', [AllowAny], null, 'delete', 1, true],
  ['someone', [IsAuthenticated], null, 'list', undefined, false],
  ['someone who is known', [IsAuthenticated], ann, 'list', undefined, true],
  ['an object', [new Reads()], null, 'retrieve', 1, true],
  ['a class', [Reads], null, 'create', undefined, false],
  ['a function', [own], ann, 'update', 1, true],
  ['a function, of another row', [own], ann, 'update', 2, false],
  ['the id as it was asked for', [own], ann, 'update', '1', false],
  ['all', [IsAuthenticated, Reads], ann, 'list', undefined, true],
  ['all but one', [AllowAny, Reads], ann, 'delete', 1, false],
  ['no answer', [Forgets], ann, 'list', undefined, false],
])('%s', (_, permissions, who, action, pk, allowed) =>
  expect(permissionClasses(...permissions)(who, action, pk)).toBe(allowed),
)

test('the first that denies is the last that is asked', () => {
  const asked: string[] = []
  const note = (name: string, answer: boolean) => (): boolean => {
    asked.push(name)
    return answer
  }
  permissionClasses(note('a', true), note('b', false), note('c', true))(null, 'list', undefined)
  expect(asked).toEqual(['a', 'b'])
})

test.each([
  ['get', undefined, 'retrieve'],
  ['replace', undefined, 'update'],
  ['patch', undefined, 'update'],
  ['patch', 'patch', 'patch'],
  ['delete', undefined, 'delete'],
  ['close', undefined, 'close'],
])('%s, asked for as %s, is %s', (operation, word, action) => {
  const asked: string[] = []
  const permission = permissionClasses((_, name) => asked.push(name) > 0)
  expect(permits([permission], null, operation, 1, word)).toBe(true)
  expect(asked).toEqual([action])
})
