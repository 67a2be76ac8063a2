import { describe, expect, test } from 'vitest'
import { t } from '../../schema/builder.ts'
import { resource } from './resource.ts'

const id = t.id()
const title = t.text()
const nothing = { checks: [], unique: [], index: [] }

describe('resource', () => {
  test('collects the definitions of its fields in their order', () => {
    const made = resource({ title, id })['~resource']
    expect(made).toStrictEqual({ fields: { title: title['~def'], id: id['~def'] }, ...nothing })
    expect(Object.keys(made.fields)).toEqual(['title', 'id'])
  })

  test('takes settings', () => {
    const settings = {
      path: ['lists', 'l'],
      title: 'List',
      table: 'tbl',
      limits: { page: 5 },
      ifMatch: 'required',
      idempotency: 'required',
      bulk: true,
      cache: 'no-store',
      readOnly: true,
    } as const
    expect(resource({ id }, settings)['~resource']).toStrictEqual({
      fields: { id: id['~def'] },
      ...settings,
      ...nothing,
    })
  })

  test('its methods add to the definition, in their order', () => {
    const first = (): true => true
    const second = (): string => 'no'
    const made = resource({ id, title, rank: t.integer() })
      .check(first)
      .check(second)
      .public()
      .unique('title', 'rank')
      .unique('rank')
      .index('rank', 'title')
      .docs('Things')
    expect(made['~resource']).toMatchObject({
      checks: [first, second],
      public: true,
      unique: [['title', 'rank'], ['rank']],
      index: [['rank', 'title']],
      docs: 'Things',
    })
  })

  test('its methods leave it as it was', () => {
    const start = resource({ id, title })
    start
      .check(() => true)
      .public()
      .unique('title')
      .index('title')
      .docs('x')
    expect(start['~resource']).toStrictEqual({ fields: { id: id['~def'], title: title['~def'] }, ...nothing })
  })

  test('is frozen, and later changes of its arguments have no effect', () => {
    const fields: Record<string, typeof title> = { title }
    const made = resource(fields).unique('title')
    fields['more'] = title
    expect(Object.keys(made['~resource'].fields)).toEqual(['title'])
    const def = made['~resource']
    for (const part of [made, def, def.fields, def.checks, def.unique, def.unique[0], def.index])
      expect(Object.isFrozen(part)).toBe(true)
  })

  test('a resource of another user type declares the same way', () => {
    const own = resource.for(resource({ id, name: t.text() }))
    expect(own.t).toBe(t)
    expect(own({ id })['~resource']).toStrictEqual(resource({ id })['~resource'])
  })

  test('a field called __proto__ is a field like any other', () => {
    const fields = Object.defineProperty({ id }, '__proto__', { value: title, enumerable: true })
    expect(Object.keys(resource(fields)['~resource'].fields)).toEqual(['id', '__proto__'])
  })
})
