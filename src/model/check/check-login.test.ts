import { describe, expect, test } from 'vitest'
import { t } from '../../schema/builder.ts'
import type { AnyResource } from '../declare/declaration.ts'
import { ModelError } from '../link/faults.ts'
import { link } from '../link/link.ts'
import { resource } from '../declare/resource.ts'

const fields = {
  id: t.id(),
  email: t.email().unique(),
  name: t.text(),
  rank: t.integer().unique(),
  password: t.password(),
}
/** Declarations that the compiler would refuse. */
const login = (id: string, secret: string): AnyResource =>
  (resource(fields).login as unknown as (id: string, secret: string) => AnyResource)(id, secret)

function faults(resources: Record<string, AnyResource>): string[] {
  try {
    link(resources)
    return []
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return error.faults.map(({ place, problem, fix }) => `${place} ${problem}: ${fix}`)
  }
}

describe('a login', () => {
  test('is by a unique text and a password', () => {
    expect(faults({ user: resource(fields).login('email', 'password') })).toEqual([])
    const linked = link({ user: resource(fields).login('email', 'password'), other: resource(fields) })
    expect([linked.resources.get('user')!.login, linked.resources.get('other')!.login]).toEqual([
      { id: 'email', secret: 'password' },
      null,
    ])
  })

  test.each<[string, string, RegExp[]]>([
    ['mail', 'password', [/^user\.login names "mail", which user does not have/]],
    ['name', 'password', [/two users may have in common: add \.unique\(\) to user\.name/]],
    ['rank', 'password', [/which is not a text/]],
    ['email', 'name', [/stored as plain text: declare it with t\.password\(\)/]],
    ['email', 'secret', [/names "secret", which user does not have/]],
    ['mail', 'secret', [/"mail"/, /"secret"/]],
  ])('by %s and %s is a fault', (id, secret, expected) => {
    const found = faults({ user: login(id, secret) })
    expect(found).toHaveLength(expected.length)
    found.forEach((fault, i) => expect(fault).toMatch(expected[i]!))
  })

  test('belongs to one resource', () => {
    const both = {
      a: resource(fields).login('email', 'password'),
      b: resource(fields, { title: 'Bee' }).login('email', 'password'),
    }
    expect(faults(both)).toEqual([expect.stringMatching(/^b has a login beside a/)])
  })
})
