// Checked by the compiler, never run: what TypeScript reads in a schema text.
import { expectTypeOf } from 'vitest'
import { compileText, type Validate } from './text.ts'
import type { TextInput, TextOutput } from './types.ts'

/** Both sides of one text. */
type Both<S, Shared extends Readonly<Record<string, unknown>> = {}> = {
  in: TextInput<S, Shared>
  out: TextOutput<S, Shared>
}

expectTypeOf<Both<'int'>>().toEqualTypeOf<{ in: number; out: number }>()
expectTypeOf<Both<'int(0,9)&optional'>>().toEqualTypeOf<{ in: number | undefined; out: number | null }>()
expectTypeOf<Both<'int&optional=false'>>().toEqualTypeOf<{ in: number; out: number }>()
expectTypeOf<Both<'int & optional & desc="x"'>>().toEqualTypeOf<{ in: number | undefined; out: number | null }>()
expectTypeOf<Both<'int&default=5'>>().toEqualTypeOf<{ in: number | undefined; out: number }>()
expectTypeOf<Both<'bool&default=null&optional'>>().toEqualTypeOf<{ in: boolean | undefined; out: boolean | null }>()
expectTypeOf<Both<'str&optional'>>().toEqualTypeOf<{ in: string | undefined; out: string }>()
expectTypeOf<Both<'datetime("%Y")'>>().toEqualTypeOf<{ in: string; out: string }>()
expectTypeOf<Both<'a?float'>>().toEqualTypeOf<{ in: number; out: number }>()
expectTypeOf<Both<'own(1)'>>().toEqualTypeOf<{ in: unknown; out: unknown }>()
expectTypeOf<Both<'@id'>>().toEqualTypeOf<{ in: unknown; out: unknown }>()
expectTypeOf<Both<unknown>>().toEqualTypeOf<{ in: unknown; out: unknown }>()
expectTypeOf<Both<string>>().toEqualTypeOf<{ in: unknown; out: unknown }>()

expectTypeOf<Both<readonly ['int']>>().toEqualTypeOf<{ in: number[]; out: number[] }>()
expectTypeOf<Both<readonly ['&unique&optional', 'str']>>().toEqualTypeOf<{
  in: string[] | undefined
  out: string[] | null
}>()

expectTypeOf<Both<{ 'name?str': 'desc' }>>().toEqualTypeOf<{ in: { name: string }; out: { name: string } }>()
type User = {
  $self: 'a user'
  'name ? str': ''
  'age?int&optional': ''
  'role?str&default="member"': ''
  tags: readonly ['str']
  home: { '$self&optional': ''; 'zip?int': '' }
}
expectTypeOf<TextInput<User>>().toEqualTypeOf<{
  name: string
  age?: number | undefined
  role?: string | undefined
  tags: string[]
  home?: { zip: number } | undefined
}>()
expectTypeOf<TextOutput<User>>().toEqualTypeOf<{
  name: string
  age: number | null
  role: string
  tags: string[]
  home: { zip: number } | null
}>()

type Shared = { id: 'int(1)'; user: { 'id@id': ''; 'nick?str&optional': '' }; ids: readonly ['@id'] }
expectTypeOf<Both<'@id&optional', Shared>>().toEqualTypeOf<{ in: number | undefined; out: number | null }>()
expectTypeOf<TextOutput<{ 'user@user&optional': ''; 'ids@ids': '' }, Shared>>().toEqualTypeOf<{
  user: { id: number; nick: string } | null
  ids: number[]
}>()
expectTypeOf<TextInput<{ '$self@user': ''; 'at?date': '' }, Shared>>().toEqualTypeOf<{
  id: number
  nick?: string | undefined
  at: string
}>()
expectTypeOf<TextOutput<{ '$self@user@more&optional': '' }, Shared & { more: { 'x?bool': '' } }>>().toEqualTypeOf<{
  id: number
  nick: string
  x: boolean
} | null>()

expectTypeOf(compileText({ 'name?str': 'desc' })).toEqualTypeOf<Validate<{ name: string }>>()
expectTypeOf(compileText(['&unique', 'int'])).toEqualTypeOf<Validate<number[]>>()
expectTypeOf(compileText('@id', { shared: { id: 'int' } })).toEqualTypeOf<Validate<number>>()
expectTypeOf(compileText(JSON.parse('"int"') as unknown)).toEqualTypeOf<Validate>()
