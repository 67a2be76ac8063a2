// Random models as source text, so that a failure can be printed, pasted and made smaller.
import { runInThisContext } from 'node:vm'
import { all, always, any, api, js, memory, not, resource, t } from '../../../src/index.ts'
import type { AnyResource } from '../../../src/model/declare/declaration.ts'
import type { Model } from '../../../src/model/model.ts'
import type { Random } from './random.ts'

export interface Declared {
  /** Source of each field's builder. */
  readonly fields: Readonly<Record<string, string>>
  readonly isEphemeral: boolean
  /** Source of the rules for reading rows and fields; null = everybody reads everything. */
  readonly rules: { readonly read: string; readonly fields: Readonly<Record<string, string>> } | null
}

export type Declaration = Readonly<Record<string, Declared>>

const nouns = ['team', 'folder', 'list', 'todo', 'note', 'room', 'label'] as const

/** A model of three to six resources with relations of every kind. Callers are rows of `user`. */
export function declarationBy(random: Random): Declaration {
  const names = ['user', ...random.some(nouns, 2 + random.int(3))]
  const drafts = new Map(names.map(name => [name, scalarsBy(random)]))
  const relations = new Relations(random, drafts)
  for (const [i, name] of names.entries()) if (i > 0) relations.toOne(name, names[random.int(i)]!, true)
  relations.toOne(random.pick(names.slice(1)), 'user', false)
  relations.toMany(random.pick(names.slice(1)), 'user')
  for (let i = 1 + random.int(4); i > 0; i--) relations.any(random.pick(names), random.pick(names))
  if (random.chance(0.3)) relations.self(random.pick(names))
  if (random.chance(0.4)) relations.membership(random.pick(names.slice(1)))
  for (const fields of drafts.values()) deriveBy(random, fields)
  const passing = random.chance(0.2) ? 'here' : null
  if (passing) relations.passing(passing, random.pick(names))
  return Object.fromEntries(
    [...drafts].map(([name, fields]) => [name, { fields, isEphemeral: name === passing, rules: null }]),
  )
}

function scalarsBy(random: Random): Record<string, string> {
  const index = (): string => (random.chance(0.2) ? '.index()' : '')
  return {
    id: random.chance(0.85) ? "t.id('integer', { client: true })" : "t.id('text', { client: true })",
    n: `t.integer().default(0)${index()}`,
    text: `t.text().default('')${index()}`,
    open: 't.bool().default(false)',
    ...(random.chance(0.5) && { m: `t.integer().nullable()${index()}` }),
    ...(random.chance(0.3) && { tags: 't.list(t.text()).default([])' }),
    ...(random.chance(0.3) && { kind: "t.enum(['a', 'b', 'c']).default('a')" }),
    ...(random.chance(0.2) && { day: 't.date().nullable()' }),
  }
}

/** Adds counts and calculated fields. */
function deriveBy(random: Random, fields: Record<string, string>): void {
  const lists = Object.keys(fields).filter(
    name => /^t\.(many|back)/.test(fields[name]!) && !/one: true/.test(fields[name]!),
  )
  const sortable = (): string => (random.chance(0.5) ? '.sortable()' : '')
  if (lists.length > 0 && random.chance(0.4)) fields['size'] = `t.count('${random.pick(lists)}')${sortable()}`
  if (random.chance(0.2))
    fields['third'] = `t.calc({ of: t.integer(), uses: ['n'], get: row => row.n % 3 })${sortable()}`
  if (random.chance(0.1))
    fields['mine'] = "t.calc({ of: t.bool(), uses: ['n'], get: (row, { me }) => me !== null && row.n % 5 === me.id })"
  if (lists.length > 0 && random.chance(0.2)) {
    const list = random.pick(lists)
    fields['few'] = `t.calc({ of: t.bool(), uses: ['${list}'], get: row => row.${list}.length < 2 })${sortable()}`
  }
}

type Drafts = ReadonlyMap<string, Record<string, string>> & Map<string, Record<string, string>>

class Relations {
  readonly #random: Random
  readonly #drafts: Drafts

  constructor(random: Random, drafts: Drafts) {
    this.#random = random
    this.#drafts = drafts
  }

  any(a: string, b: string): void {
    const random = this.#random
    if (a === b) this.self(a)
    else if (random.chance(0.5)) this.toOne(a, b, false)
    else this.toMany(a, b)
  }

  toOne(from: string, to: string, mayBeRequired: boolean): void {
    const random = this.#random
    const name = this.#free(from, to)
    const isRequired = mayBeRequired && random.chance(0.3)
    const isSingle = !isRequired && random.chance(0.2)
    const inverse = random.chance(0.7) ? this.#free(to, isSingle ? from : `${from}s`) : null
    const onDelete = random.pick(isRequired ? ['cascade', 'cascade', 'restrict'] : ['null', 'cascade'])
    const options = [
      ...(inverse ? [`inverse: '${inverse}'`] : []),
      ...(isSingle ? ['unique: true'] : []),
      `onDelete: '${onDelete}'`,
    ]
    this.#drafts.get(from)![name] = `t.one('${to}', { ${options.join(', ')} })${isRequired ? '' : '.nullable()'}`
    if (inverse)
      this.#drafts.get(to)![inverse] = `t.back('${from}', '${name}'${isSingle ? ', { one: true }' : this.#shown()})`
  }

  toMany(from: string, to: string): void {
    const random = this.#random
    const name = this.#free(from, `${to}s`)
    const inverse = random.chance(0.65) ? this.#free(to, `${from}s`) : null
    const ids = (other: string): string => `{ inverse: '${other}'${random.chance(0.35) ? ', ids: false' : ''} }`
    this.#drafts.get(from)![name] = `t.many('${to}'${inverse ? `, ${ids(inverse)}` : this.#shown()})`
    if (inverse) this.#drafts.get(to)![inverse] = `t.many('${from}', ${ids(name)})`
  }

  /** A join table that is also a resource. */
  membership(of: string): void {
    const name = 'membership'
    this.#drafts.set(name, { ...scalarsBy(this.#random), role: "t.text().default('a')" })
    for (const to of [of, 'user']) {
      const inverse = this.#random.chance(0.8) ? this.#free(to, 'roles') : null
      const back = inverse ? `inverse: '${inverse}', ` : ''
      this.#drafts.get(name)![to] = `t.one('${to}', { ${back}onDelete: 'cascade' })`
      if (inverse) this.#drafts.get(to)![inverse] = `t.back('${name}', '${to}'${this.#shown()})`
    }
  }

  /** An ephemeral resource whose rows belong to others. */
  passing(name: string, at: string): void {
    const inverse = this.#free(at, `${name}s`)
    this.#drafts.set(name, {
      ...scalarsBy(this.#random),
      [at]: `t.one('${at}', { inverse: '${inverse}', onDelete: 'cascade' })`,
    })
    this.#drafts.get(at)![inverse] = `t.back('${name}', '${at}', { ids: false })`
  }

  /** A tree, a symmetric or a directed relation of many to many, or pairs. */
  self(name: string): void {
    const fields = this.#drafts.get(name)!
    switch (this.#random.int(4)) {
      case 0:
        fields['parent'] =
          `t.one('${name}', { inverse: 'kids', onDelete: '${this.#random.pick(['null', 'cascade'])}' }).nullable()`
        fields['kids'] = `t.back('${name}', 'parent'${this.#shown()})`
        break
      case 1:
        fields['friends'] = `t.many('${name}', { symmetric: true${this.#random.chance(0.3) ? ', ids: false' : ''} })`
        break
      case 2:
        fields['likes'] = `t.many('${name}'${this.#shown()})`
        break
      default:
        fields['spouse'] = `t.one('${name}', { symmetric: true, unique: true }).nullable()`
    }
  }

  #shown(): string {
    return this.#random.chance(0.3) ? ', { ids: false }' : ''
  }

  #free(owner: string, name: string): string {
    const fields = this.#drafts.get(owner)!
    for (let i = 1; ; i++) {
      const free = i === 1 ? name : `${name}${i}`
      if (!(free in fields)) return (fields[free] = free)
    }
  }
}

/** Source of a resource's declaration. */
export function printDeclared({ fields, isEphemeral, rules }: Declared): string {
  const members = Object.entries(fields).map(([name, text]) => `    ${name}: ${text},\n`)
  const made = `resource${isEphemeral ? '.ephemeral' : ''}({\n${members.join('')}  }${isEphemeral ? ", { ttl: '1 h' }" : ''})`
  if (!rules) return made
  const guarded = Object.entries(rules.fields).map(([name, text]) => `${name}: { read: ${text} }`)
  const more = guarded.length > 0 ? `, fields: { ${guarded.join(', ')} }` : ''
  return `${made}.rules((me, row) => ({ read: ${rules.read}, create: always, write: row.open.is(true)${more} }))`
}

const words = { resource, t, all, any, not, js, always }

export function built(declaration: Declaration): Readonly<Record<string, AnyResource>> {
  return Object.fromEntries(
    Object.entries(declaration).map(([name, declared]) => {
      const make = runInThisContext(`({ ${Object.keys(words).join(', ')} }) => ${printDeclared(declared)}`)
      return [name, make(words) as AnyResource]
    }),
  )
}

export function linked(declaration: Declaration): Model {
  return api(built(declaration), { store: memory(), report: () => {} }).model
}
