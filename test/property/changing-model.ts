// Declarations that change at random, and what must become of the rows, told without the code under test.
import { resource } from '../../src/model/declare/resource.ts'
import { link } from '../../src/model/link/link.ts'
import type { Model, Value } from '../../src/model/model.ts'
import { t } from '../../src/schema/builder.ts'
import type { Fields } from '../../src/schema/types.ts'

export type Kind = 'text' | 'integer' | 'number' | 'bool' | 'enum'

export interface FieldOf {
  readonly name: string
  readonly was: string | null
  readonly kind: Kind
  /** The longest text. */
  readonly max: number
  readonly words: readonly string[]
  readonly nullable: boolean
  readonly index: boolean
}

export interface Declaration {
  readonly name: string
  readonly was: string | null
  readonly fields: readonly FieldOf[]
}

export type RowOf = Readonly<Record<string, Value>>

/** Random numbers from a seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    let z = (this.#state += 0x6d2b79f5)
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) / 4_294_967_296
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  one<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
}

const KINDS: readonly Kind[] = ['text', 'integer', 'number', 'bool', 'enum']
const WORDS = ['red', 'green', 'blue', '7', 'true']
const TEXTS = ['', 'a', '7', '007', 'true', '2.5', 'red', 'ünï "q" \\', 'a longer text than others']

export function modelOf({ name, was, fields }: Declaration): Model {
  const declared: Record<string, Fields[string]> = { id: t.id() }
  for (const field of fields) {
    let one: any = builderOf(field)
    if (field.was !== null) one = one.was(field.was)
    if (field.nullable) one = one.nullable()
    if (field.index) one = one.index()
    declared[field.name] = one
  }
  declared['parent'] = t.one(name).nullable()
  declared['friends'] = t.many('user')
  const thing = resource(declared)
  return link({ user: resource({ id: t.id() }), [name]: was === null ? thing : thing.was(was) })
}

function builderOf({ kind, max, words }: FieldOf): unknown {
  switch (kind) {
    case 'text':
      return t.text({ max })
    case 'enum':
      return t.enum([...words] as [string])
    default:
      return t[kind]()
  }
}

let names = 0
const fresh = (): string => `f${++names}`

function newField(dice: Dice): FieldOf {
  return {
    name: fresh(),
    was: null,
    kind: dice.one(KINDS),
    max: 100,
    words: WORDS,
    nullable: dice.chance(0.5),
    index: dice.chance(0.2),
  }
}

/** The next declaration: one to three things are different. */
export function changed(dice: Dice, before: Declaration): Declaration {
  let fields = before.fields.map(field => ({ ...field, was: null as string | null }))
  let next: Declaration = { name: before.name, was: null, fields }
  for (let changes = 1 + dice.below(3); changes > 0; changes--) {
    const at = dice.below(fields.length)
    const field = fields[at]
    const what = dice.below(9)
    if (what === 0 && next.was === null) next = { ...next, name: fresh(), was: before.name }
    else if (what <= 2 || field === undefined) fields = [...fields, { ...newField(dice), was: null }]
    else if (what === 3 && fields.length > 1) fields = fields.filter(one => one !== field)
    else if (what === 4 && field.was === null && before.fields.some(({ name }) => name === field.name))
      fields = fields.with(at, { ...field, name: fresh(), was: field.name })
    else if (what === 5) fields = fields.with(at, { ...field, kind: dice.one(KINDS), max: 100, words: WORDS })
    else if (what === 6) fields = fields.with(at, { ...field, nullable: !field.nullable })
    else if (what === 7) fields = fields.with(at, { ...field, index: !field.index })
    else fields = fields.with(at, { ...field, max: 1 + dice.below(12), words: WORDS.slice(0, 1 + dice.below(5)) })
  }
  return { ...next, fields }
}

/** A random value that a field takes. */
export function valueFor(dice: Dice, { kind, max, words }: FieldOf): Value {
  switch (kind) {
    case 'text':
      return Array.from(dice.one(TEXTS)).slice(0, max).join('')
    case 'enum':
      return dice.one(words)
    case 'integer':
      return dice.one([0, 1, 7, -3, 123_456_789_012])
    case 'number':
      return dice.one([0, 1, 2.5, -0.125, 7])
    case 'bool':
      return dice.chance(0.5)
  }
}

/** What a value becomes in another field. undefined = it does not fit. */
export function becomes(value: Value, to: FieldOf): Value | undefined {
  if (value === null) return null
  const text = String(value)
  switch (to.kind) {
    case 'text':
      return Array.from(text).length <= to.max ? text : undefined
    case 'enum':
      return to.words.includes(text) ? text : undefined
    case 'integer':
      if (typeof value === 'boolean') return Number(value)
      return Number.isInteger(Number(text)) && String(Number(text)) === text ? Number(text) : undefined
    case 'number':
      if (typeof value === 'boolean') return Number(value)
      return typeof value === 'number' || /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : undefined
    case 'bool':
      if (value === 0 || value === 1) return value === 1
      return text === 'true' ? true : text === 'false' ? false : undefined
  }
}
