import { getOrThrow } from '../protocol/get-or-throw.ts'
import type { Model, OneField, Resource } from '../model/model.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { exampleOf } from './example.ts'
import { filterSchema } from './filter-schema.ts'
import { createSchema, patchSchema, replaceSchema, rowSchema, shapedSchema } from './json-schema.ts'
import type { Sliced } from '../engine/slices.ts'

/** The section for schemas to which only an extension refers. */
export const shapedSchemas = 'x-shaped-schemas'

/** What a component describes about a resource. */
export type Side = 'row' | 'create' | 'replace' | 'patch' | 'filter'

/**
 * The named schemas of a document. A schema is made when it is first referred to, so that the document only contains schemas
 * that it needs.
 */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>()
  readonly #shaped = new Map<string, JsonSchema>()
  /** Makes the schemas that were referred to and are not made yet. */
  readonly #wanted: (() => void)[] = []
  readonly #names = new Map<string, string>()
  /** Names in use. The first ones are those of schemas that every document has. */
  readonly #taken = new Set<string>(['Problem', 'JsonPatch'])

  constructor(model: Model) {
    // Resources get the plain names, whatever other schemas want.
    for (const resource of model.resources.values()) this.#nameOf(`row ${resource.name}`, resource.title)
  }

  /** A reference to a schema of a resource. `implied` is the field that the surrounding body already determines. */
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
      this.#schemas.set(name, {})
      this.#wanted.push(() => this.#schemas.set(name, this.#schemaOf(resource, side, implied)))
    }
    return pointerTo(name)
  }

  /** A reference to a row as `depth`, `include` and `fields` may shape it. */
  referShaped(resource: Resource): string {
    const name = this.#nameOf(`row ${resource.name}`, resource.title)
    if (!this.#shaped.has(name)) {
      this.#shaped.set(name, {})
      this.#wanted.push(() =>
        this.#shaped.set(
          name,
          shapedSchema(resource, target => this.referShaped(target)),
        ),
      )
    }
    return `#/components/${shapedSchemas}/${name}`
  }

  /** Adds a schema that was made elsewhere, under a free name, and its definitions next to it. */
  add(wanted: string, schema: JsonSchema): string {
    const name = this.#claim(wanted)
    const { $schema: _, $defs, ...body } = schema
    const definitions = Object.entries(($defs ?? {}) as Readonly<Record<string, JsonSchema>>)
    const names = new Map(definitions.map(([key]) => [`#/$defs/${key}`, pointerTo(this.#claim(`${wanted}.${key}`))]))
    names.set('#', pointerTo(name))
    this.#schemas.set(name, redirected(body, names) as JsonSchema)
    for (const [key, one] of definitions) {
      this.#schemas.set(
        getOrThrow(names, `#/$defs/${key}`).slice(pointerTo('').length),
        redirected(one, names) as JsonSchema,
      )
    }
    return pointerTo(name)
  }

  /**
   * Makes what was referred to, and what that refers to in turn. One after the other, because resources may refer to each other
   * in a chain that is longer than the stack of calls.
   */
  *made(): Sliced<void> {
    for (let make = this.#wanted.pop(); make; make = this.#wanted.pop()) {
      make()
      yield
    }
  }

  /** All schemas by name. */
  done(): Readonly<Record<string, JsonSchema>> {
    this.#makeAll()
    return sorted(this.#schemas)
  }

  /** The schemas of shaped rows, by name. */
  shaped(): Readonly<Record<string, JsonSchema>> {
    this.#makeAll()
    return sorted(this.#shaped)
  }

  #makeAll(): void {
    const making = this.made()
    while (!making.next().done);
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

  /** Finds a free name. Only few characters are allowed (OpenAPI 3.1.1 §4.8.7). */
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

/** Replaces the references in a schema by the places to which their targets were moved. */
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
