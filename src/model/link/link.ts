import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { defaultLimits, type Limits } from '../../protocol/limits.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import { prose, type Docs, type Notation } from '../../schema/notation.ts'
import { checkActions } from '../check/check-actions.ts'
import { checkFields } from '../check/check-fields.ts'
import { checkHooks } from '../check/check-hooks.ts'
import { checkLogins } from '../check/check-login.ts'
import { checkRelations } from '../check/check-relations.ts'
import { checkResources } from '../check/check-resources.ts'
import { isReadOnly, type AnyResource, type ResourceDef } from '../declare/declaration.ts'
import { ephemeralSettings } from '../declare/ephemeral.ts'
import { checkEphemeral } from '../check/check-ephemeral.ts'
import { readDeprecation } from '../declare/deprecation.ts'
import { ModelError, type Fault, type Note } from './faults.ts'
import { formOf } from '../declare/hook.ts'
import type { Defs } from './joins.ts'
import { linkActions } from './link-actions.ts'
import { linkField, type Draft } from './link-fields.ts'
import { linkRelations } from './link-relations.ts'
import { linkRules } from './link-rules.ts'
import { isRelation, type Field, type Model, type Resource, type ResourceOptions, type StoredField } from '../model.ts'
import { declaredIdName, pathsOf, tableName, titleOf, type Paths } from './names.ts'
import { ratePolicies } from '../declare/rate-limit.ts'

/** A check of all declarations. It notes faults. */
export type DeclarationCheck = (defs: Defs, note: Note) => void

export interface LinkOptions {
  readonly limits?: Limits
  /** New paths for the words in `reservedPaths`. null = not served. */
  readonly paths?: Paths
  /** Where the API is below its host: `/api`. Default: ''. */
  readonly prefix?: string
  /** Documentation text of the API. */
  readonly docs?: string | null
  /** How documentation texts and schemas may be written. Default: prose, and only schemas of builders and libraries. */
  readonly notation?: Notation
  /** Further checks, for the settings of dialects. */
  readonly checks?: readonly DeclarationCheck[]
  /** Whether the store answers asynchronously, so that functions in a unit of work cannot get its answers at once. */
  readonly storeWaits?: boolean
}

/**
 * Resolves all names in the declarations and freezes the result.
 * @throws {ModelError} with all faults of all declarations.
 */
export function link(declarations: Readonly<Record<string, AnyResource>>, options: LinkOptions = {}): Model {
  const defs: Defs = new Map(Object.entries(declarations).map(([name, declared]) => [name, declared['~resource']]))
  const warnings: string[] = []
  check(defs, options, line => warnings.push(line))
  const limits = options.limits ?? defaultLimits
  const all = new Map<string, Draft<Resource>>()
  for (const [name, def] of defs)
    all.set(name, linkResource(def.standalone?.toLowerCase() ?? name, def, limits, options.prefix ?? ''))
  const resources = new Map([...all].filter(([name]) => getOrThrow(defs, name).standalone === undefined))
  const joins = linkRelations(defs, resources)
  const docs = linkAllActions(defs, all, options)
  linkAllRules(defs, all)
  for (const resource of all.values()) freeze(resource)
  const alone = [...all].filter(([name]) => getOrThrow(defs, name).standalone !== undefined)
  return Object.freeze({
    resources,
    joins: Object.freeze(joins),
    standalone: new Map(alone.map(([, resource]) => [resource.name, resource])),
    docs,
    warnings: Object.freeze(warnings),
  })
}

/** Compiles the schemas of all actions and collects their faults. Returns what the API's own documentation text says. */
function linkAllActions(defs: Defs, resources: ReadonlyMap<string, Draft<Resource>>, options: LinkOptions): Docs {
  const faults: Fault[] = []
  const note = (place: string, problem: string, fix: string): void => {
    faults.push(Object.freeze({ place, problem, fix }))
  }
  const api = (options.notation ?? prose).api(options.docs ?? null, note)
  const idTypeOf = (name: string): ScalarType | null => {
    const target = resources.get(name)
    return target && getOrThrow(defs, name).standalone === undefined ? target.idType : null
  }
  for (const [name, def] of defs) linkActions(getOrThrow(resources, name), def, { api, idTypeOf, note })
  if (faults.length) throw new ModelError(faults)
  return api.docs
}

function check(
  defs: Defs,
  { paths = {}, checks = [], storeWaits = false }: LinkOptions,
  warn: (line: string) => void,
): void {
  const faults: Fault[] = []
  const note = (place: string, problem: string, fix: string): void => {
    faults.push(Object.freeze({ place, problem, fix }))
  }
  checkResources(defs, paths, note)
  checkFields(defs, note)
  checkRelations(defs, note)
  checkActions(defs, note, warn)
  checkHooks(defs, storeWaits, note)
  for (const further of checks) further(defs, note)
  checkLogins(defs, note)
  checkEphemeral(defs, note)
  if (faults.length) throw new ModelError(faults)
}

/** Links rules. They name fields of linked resources, so they come last. All their faults are collected as well. */
function linkAllRules(defs: Defs, resources: ReadonlyMap<string, Draft<Resource>>): void {
  const faults: Fault[] = []
  for (const [name, def] of defs) {
    if (!def.rules) continue
    const resource = getOrThrow(resources, name)
    resource.rules = linkRules(resource, def.rules, (place, problem, fix) => {
      faults.push(Object.freeze({ place, problem, fix }))
    })
  }
  if (faults.length) throw new ModelError(faults)
}

/**
 * Links the parts of a resource that do not depend on other resources. Relations know the names of their targets, but not the
 * targets.
 */
function linkResource(name: string, def: ResourceDef, limits: Limits, prefix: string): Draft<Resource> {
  const paths = Object.freeze(pathsOf(name, def))
  const resource = {
    name,
    title: titleOf(name, def),
    paths,
    url: prefix + (paths[0] ?? ''),
    table: tableName(name, def),
    was: def.was ?? [],
    inbound: [],
    joins: [],
    rules: null,
    standalone: def.standalone !== undefined,
    actions: new Map(),
    around: aroundOf(def),
    onCommit: def.onCommit ?? [],
    login: def.login ? Object.freeze({ ...def.login }) : null,
    permissions: def.permissions ?? null,
    checks: Object.freeze([...def.checks]),
    unique: frozenLists(def.unique),
    index: frozenLists(def.index),
    options: optionsOf(name, def),
    extensions: def.extensions ?? none,
  } as unknown as Draft<Resource>
  const idName = declaredIdName(def)!
  // The id is in the first slot wherever it is declared. The other stored fields follow in their order.
  const stored = [idName, ...Object.keys(def.fields).filter(field => field !== idName && isStored(def, field))]
  const fields = Object.entries(def.fields).map(([field, d]) =>
    linkField(resource, field, d, { position: stored.indexOf(field), limits }),
  )
  const byName = new Map(fields.map(field => [field.name, field]))
  resource.fields = fields
  resource.relations = Object.freeze(fields.filter(isRelation))
  resource.field = byName
  resource.columns = stored.map(field => byName.get(field) as StoredField)
  resource.id = byName.get(idName) as Resource['id']
  resource.idType = resource.id.type
  return resource
}

const none = Object.freeze({})

/** The hooks by the name of their operation, the outermost first. */
function aroundOf(def: ResourceDef): Resource['around'] {
  const hooks = Map.groupBy(def.around ?? [], one => one.operation)
  return new Map(
    [...hooks].map(([operation, found]) => [
      operation,
      found.map(one => Object.freeze({ run: one.hook, form: formOf(one) })),
    ]),
  )
}

function isStored(def: ResourceDef, field: string): boolean {
  const is = def.fields[field]!.is
  return is === 'scalar' || is === 'one'
}

function optionsOf(name: string, def: ResourceDef): ResourceOptions {
  return Object.freeze({
    public: def.public ?? false,
    readOnly: isReadOnly(def),
    ifMatch: def.ifMatch ?? null,
    idempotency: def.idempotency ?? null,
    bulk: def.bulk ?? false,
    rateLimit: ratePolicies(def.rateLimit, name, () => {}),
    deprecation: readDeprecation(def.deprecation, name, () => {}),
    cache: def.cache ?? null,
    docs: def.docs ?? null,
    limits: Object.freeze({ ...def.limits }),
    ephemeral: ephemeralSettings(def),
    foreign: def.foreign ? Object.freeze({ ...def.foreign, key: Object.freeze([...def.foreign.key]) }) : null,
  })
}

function frozenLists(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return Object.freeze(lists.map(list => Object.freeze([...list])))
}

function freeze(resource: Draft<Resource>): void {
  for (const field of resource.fields) Object.freeze<Field>(field)
  Object.freeze(resource.fields)
  Object.freeze(resource.columns)
  Object.freeze(resource.inbound)
  Object.freeze(resource.joins)
  Object.freeze(resource)
}
