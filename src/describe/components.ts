import type { Model, OneField, Resource } from '../model/model.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { exampleOf } from './example.ts'
import { filterSchema } from './filter-schema.ts'
import { createSchema, patchSchema, replaceSchema, rowSchema, shapedSchema } from './json-schema.ts'

/** Where schemas stand that only an extension refers to. */
export const shapedSchemas = 'x-shaped-schemas'

/** What a component describes of a resource. */
export type Side = 'row' | 'create' | 'replace' | 'patch' | 'filter'

/**
 * The named schemas of a document. They are made when they are first referred to, so that a document holds what it
 * needs and nothing else.
 */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>()
  readonly #shaped = new Map<string, JsonSchema>()
  readonly #names = new Map<string, string>()
  readonly #taken = new Set<string>()

  constructor(model: Model) {
    // The plain names belong to the resources, whatever the others are called.
    for (const resource of model.resources.values()) this.#nameOf(`row ${resource.name}`, resource.title)
  }

  /** A reference to a schema of a resource; `implied` is the field that the surrounding body says. */
  refer(resource: Resource, side: Side, implied: OneField | null = null): string {
    const suffix = {
      row: '',
      shaped: 'Shaped',
      create: 'Create',
      replace: 'Replace',
      patch: 'Patch',
      filter: 'Filter',
    }[side]
    const within = implied === null ? '' : `In${implied.target.title}`
    const key = `${side} ${resource.name}${implied === null ? '' : ` ${implied.name}`}`
    const name = this.#nameOf(key, `${resource.title}${suffix}${within}`)
    if (!this.#schemas.has(name)) {
      this.#schemas.set(name, {}) // a schema may refer to itself
      this.#schemas.set(name, this.#schemaOf(resource, side, implied))
    }
    return pointerTo(name)
  }

  /** A reference to a row as `depth`, `include` and `fields` may show it. */
  referShaped(resource: Resource): string {
    const name = this.#nameOf(`row ${resource.name}`, resource.title)
    if (!this.#shaped.has(name)) {
      this.#shaped.set(name, {})
      this.#shaped.set(
        name,
        shapedSchema(resource, target => this.referShaped(target)),
      )
    }
    return `#/components/${shapedSchemas}/${name}`
  }

  /** Puts a schema of another maker under a name of its own, its definitions beside it. */
  add(wanted: string, schema: JsonSchema): string {
    const name = this.#claim(wanted)
    const { $schema: _, $defs, ...body } = schema
    const definitions = Object.entries(($defs ?? {}) as Readonly<Record<string, JsonSchema>>)
    const names = new Map(definitions.map(([key]) => [`#/$defs/${key}`, pointerTo(this.#claim(`${wanted}.${key}`))]))
    names.set('#', pointerTo(name))
    this.#schemas.set(name, redirected(body, names) as JsonSchema)
    for (const [key, one] of definitions) {
      this.#schemas.set(names.get(`#/$defs/${key}`)!.slice(pointerTo('').length), redirected(one, names) as JsonSchema)
    }
    return pointerTo(name)
  }

  /** All of them, by name. */
  done(): Readonly<Record<string, JsonSchema>> {
    return sorted(this.#schemas)
  }

  /** Those of rows in other shapes, by name. */
  shaped(): Readonly<Record<string, JsonSchema>> {
    return sorted(this.#shaped)
  }

  #schemaOf(resource: Resource, side: Side, implied: OneField | null): JsonSchema {
    const nested = (target: Resource, by: OneField | null): string => this.refer(target, 'create', by)
    switch (side) {
      case 'row':
        return rowSchema(resource)
      case 'create':
        return withExample(createSchema(resource, nested, implied), exampleOf(resource, implied))
      case 'replace':
        return withExample(replaceSchema(resource, nested), exampleOf(resource, null, false))
      case 'patch':
        return patchSchema(resource, nested)
      case 'filter':
        return filterSchema(resource, target => this.refer(target, 'filter'))
    }
  }

  #nameOf(key: string, wanted: string): string {
    let name = this.#names.get(key)
    if (name === undefined) this.#names.set(key, (name = this.#claim(wanted)))
    return name
  }

  /** Names may hold a few signs only (OpenAPI 3.1.1 §4.8.7). */
  #claim(wanted: string): string {
    const base = wanted.replaceAll(/[^A-Za-z0-9._-]/g, sign => `_${sign.codePointAt(0)!.toString(16)}`) || 'Schema'
    let name = base
    for (let n = 2; this.#taken.has(name); n++) name = `${base}${n}`
    this.#taken.add(name)
    return name
  }
}

function sorted(schemas: ReadonlyMap<string, JsonSchema>): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const pointerTo = (name: string): string => `#/components/schemas/${name}`

function withExample(schema: JsonSchema, example: Readonly<Record<string, unknown>> | null): JsonSchema {
  return example === null ? schema : { ...schema, examples: [example] }
}

/** The same schema with its references turned to where their targets are now. */
function redirected(schema: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(schema)) return schema.map(one => redirected(one, names))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      key === '$ref' && typeof value === 'string'
        ? [key, names.get(decodeURIComponent(value)) ?? value]
        : [key, redirected(value, names)],
    ),
  )
}
