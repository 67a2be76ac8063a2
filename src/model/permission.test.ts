import { expect, test } from 'vitest'
import { AllowAny, IsAuthenticated, permits, type Caller, type Permission, type PermissionLike } from './permission.ts'

const ann: Caller = { id: 1 }
class Reads implements Permission {
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

test.each<[string, PermissionLike[], Caller, string, unknown, boolean]>([
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
])('%s', (_, permissions, who, action, pk, allowed) => expect(permits(permissions, who, action, pk)).toBe(allowed))

test('the first that denies is the last that is asked', () => {
  const asked: string[] = []
  const note = (name: string, answer: boolean) => (): boolean => {
    asked.push(name)
    return answer
  }
  permits([note('a', true), note('b', false), note('c', true)], null, 'list', undefined)
  expect(asked).toEqual(['a', 'b'])
})
