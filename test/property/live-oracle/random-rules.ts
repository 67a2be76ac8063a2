// Random rules as source text: own fields, relations over several steps, memberships, `can`, roles, functions.
import type { Field, Resource } from '../../../src/model/model.ts'
import { linked, type Declaration, type Declared } from './random-model.ts'
import type { Random } from './random.ts'

/** Gives rules to about half of the resources, and to at least one besides `user`. */
export function withRules(random: Random, declaration: Declaration): Declaration {
  const { resources } = linked(declaration)
  const names = Object.keys(declaration)
  const first = random.pick(names.slice(1))
  return Object.fromEntries(
    Object.entries(declaration).map(([name, declared], i) => {
      const isRuled = name === first || random.chance(i === 0 ? 0.2 : 0.35)
      const rules = new Rules(random, resources.get(name)!, names.slice(0, i))
      // A rule by a function cannot be asked for with `can`, and nothing asks for rights of the last resource.
      return [name, isRuled ? { ...declared, rules: rules.all(i === names.length - 1) } : declared]
    }),
  )
}

class Rules {
  readonly #random: Random
  readonly #resource: Resource
  /** Resources that `can` may lead to: earlier ones only, so that rules do not run in circles. */
  readonly #earlier: readonly string[]

  constructor(random: Random, resource: Resource, earlier: readonly string[]) {
    this.#random = random
    this.#resource = resource
    this.#earlier = earlier
  }

  all(mayBeOpaque: boolean): NonNullable<Declared['rules']> {
    const random = this.#random
    const relations = this.#resource.fields.filter(field => field.target).map(({ name }) => name)
    const guarded = random.chance(0.4) ? random.some(random.chance(0.5) ? ['text', 'n'] : relations, 1) : []
    const fields = Object.fromEntries(guarded.map(field => [field, this.#rule()]))
    const rule = this.#rule()
    const opaque = "js('odd', (me, row) => row.n % 2 === (me === null ? 0 : me.id % 2))"
    const isOpaque = mayBeOpaque && random.chance(0.35)
    return { read: !isOpaque ? rule : random.chance(0.5) ? opaque : `all(${rule}, ${opaque})`, fields }
  }

  #rule(): string {
    const part = (): string => this.#condition()
    switch (this.#random.int(8)) {
      case 0:
      case 1:
        return part()
      case 2:
      case 3:
        return `any(${part()}, ${part()})`
      case 4:
        return `any(${part()}, all(${part()}, ${part()}), ${part()})`
      case 5:
        return `any(${part()}, all(${part()}, not(${part()})))`
      case 6:
        return `any(me.role.is('admin'), ${part()}, not(${part()}))`
      default:
        return `all(${part()}, any(${part()}, me.role.is('admin')))`
    }
  }

  /** A condition at the end of a path of to-one relations. */
  #condition(): string {
    const random = this.#random
    let at = this.#resource
    let path = 'row'
    for (let steps = random.int(4); steps > 0; steps--) {
      const ways = at.fields.filter(field => !field.toMany && field.target)
      if (ways.length === 0) break
      const way = random.pick(ways)
      at = way.target as Resource
      path = `${path}.${way.name}`
    }
    const about = at.fields.filter(field => field.is !== 'calc' && field.is !== 'self' && field.is !== 'count')
    const towards = about.filter(field => field.target?.name === 'user')
    const field = towards.length > 0 && random.chance(0.7) ? random.pick(towards) : random.pick(about)
    if (field === at.id) return at.name === 'user' ? `${path}.is(me)` : `${path}.n.gte(${random.int(20)})`
    return field.target
      ? this.#related(field, `${path}.${field.name}`, path)
      : this.#compared(field, `${path}.${field.name}`)
  }

  #related(field: Field, here: string, path: string): string {
    const random = this.#random
    const { name } = field.target as Resource
    const isUp = this.#earlier.includes(name) || (field.name === 'parent' && path === 'row')
    const rights = `${here}.can('${random.pick(['read', 'write'])}')`
    if (name === 'user' && field.toMany && random.chance(0.9)) return `${here}.has(me.id)`
    if (name === 'user' && !field.toMany && random.chance(0.8))
      return random.chance(0.8) ? `${here}.is(me.id)` : `${here}.in(me.friends)`
    if (isUp && random.chance(0.7)) return rights
    return !field.toMany ? `${here}.isNull()` : `${path}.open.is(${random.chance(0.5)})`
  }

  #compared(field: Field, here: string): string {
    const random = this.#random
    const number = (): number => random.int(20)
    switch (field.type?.name) {
      case 'bool':
        return `${here}.is(${random.chance(0.5)})`
      case 'integer':
        return random.pick([
          `${here}.gte(${number()})`,
          `${here}.lt(${number()})`,
          `${here}.in([${number()}, ${number()}])`,
        ])
      case 'list':
        return `${here}.has('${random.pick(['r', 'g', 'b'])}')`
      case 'enum':
        return `${here}.is('${random.pick(['a', 'b', 'c'])}')`
      case 'date':
        return `${here}.notNull()`
      default:
        return random.chance(0.5) ? `${here}.startsWith('x')` : `${here}.is('${random.pick(['x0', 'x1', 'y2'])}')`
    }
  }
}
