// Checked by the compiler, never run: what a login may be, and what is known of who calls after it.
import { expectTypeOf } from 'vitest'
import { t } from '../schema/builder.ts'
import { resource } from './declare/resource.ts'
import type { Rule } from './rules/rule.ts'

const user = resource({
  id: t.id(),
  email: t.email().unique(),
  role: t.enum(['admin', 'member']).default('member'),
  password: t.password(),
})

const known = user.login('email', 'password').rules((me, row) => {
  expectTypeOf(me.role.is('admin')).toEqualTypeOf<Rule>()
  // @ts-expect-error -- no such role
  me.role.is('root')
  // @ts-expect-error -- no such field
  me.rank.is(1)
  return { read: row.is(me) }
})
expectTypeOf<(typeof known)['~type']['login']>().toEqualTypeOf<{ readonly email: string; readonly password: string }>()

// @ts-expect-error -- a field that the resource does not have
user.login('mail', 'password')
// @ts-expect-error -- the password is kept as it is
user.login('email', 'role')
