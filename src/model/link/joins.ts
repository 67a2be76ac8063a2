import type { ManyDef } from '../../schema/field.ts'
import type { ResourceDef } from '../declare/declaration.ts'

/** The declarations by name. */
export type Defs = ReadonlyMap<string, ResourceDef>

/** A join table before it is linked: only names. */
export interface JoinPlan {
  readonly table: string
  /** Its schema in PostgreSQL; null where the search path leads there. */
  readonly schema: string | null
  readonly a: { readonly column: string; readonly resource: string }
  readonly b: { readonly column: string; readonly resource: string }
  readonly symmetric: boolean
  /** Whether the table existed before. */
  readonly existing: boolean
  /**
   * The many-to-many fields that show it, as `resource.field`, that of side a first. A one-way or symmetric relation has only
   * one.
   */
  readonly shownBy: readonly string[]
}

/** The many-to-many field of that name. null = the field is something else. */
function manyDef(defs: Defs, resource: string, field: string): ManyDef | null {
  const def = defs.get(resource)?.fields[field]
  return def?.is === 'many' ? def : null
}

/** The field of the target that shows the same pairs: the one named here, or the one that names this field. */
export function inverseOfMany(defs: Defs, resource: string, field: string): string | null {
  const def = manyDef(defs, resource, field)
  if (!def || def.symmetric) return null
  if (def.inverse !== undefined) return def.inverse
  for (const [name, other] of Object.entries(defs.get(def.to)?.fields ?? {})) {
    if (other.is === 'many' && !other.symmetric && other.to === resource && other.inverse === field) return name
  }
  return null
}

/**
 * Plans all join tables. Their names depend only on the names of fields, not on the order of declarations: a two-way relation
 * is named after the smaller `resource.field`.
 */
export function planJoins(defs: Defs): JoinPlan[] {
  const plans: JoinPlan[] = []
  for (const [resource, { fields }] of defs) {
    for (const [field, def] of Object.entries(fields)) {
      if (def.is !== 'many' || !defs.has(def.to)) continue
      const inverse = inverseOfMany(defs, resource, field)
      const other = inverse === null ? null : manyDef(defs, def.to, inverse)
      const here = `${resource}.${field}`
      const there = other && `${def.to}.${inverse}`
      if (there !== null && there < here) continue
      const shownBy = there === null || there === here ? [here] : [here, there]
      plans.push(planJoin({ resource, field, def }, other, shownBy))
    }
  }
  return plans
}

/** A many-to-many field, by name. */
interface NamedMany {
  readonly resource: string
  readonly field: string
  readonly def: ManyDef
}

/** `other` is the field of the other side; null if only this one shows the pairs. */
function planJoin({ resource, field, def }: NamedMany, other: ManyDef | null, shownBy: readonly string[]): JoinPlan {
  const symmetric = def.symmetric ?? false
  const through =
    def.through ?? (other?.through && { ...other.through, from: other.through.to, to: other.through.from })
  const from = `${resource}_id`
  const to = def.to === resource ? `${field}_id` : `${def.to}_id`
  return {
    table: through?.table ?? `${resource}_${field}`,
    schema: through?.schema ?? null,
    a: { column: through?.from ?? from, resource },
    b: { column: through?.to ?? (to === from ? `${to}_2` : to), resource: def.to },
    symmetric,
    existing: through !== undefined,
    shownBy,
  }
}
