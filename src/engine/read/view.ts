import type { Shape } from '../../query/predicate.ts'
import type { Print, ScalarType } from '../../schema/scalar-type.ts'
import type {
  BackField,
  CalcField,
  Field,
  ManyField,
  OneField,
  Resource,
  ScalarField,
  SelfField,
  StoredField,
} from '../../model/model.ts'

/**
 * How rows of a resource are shown. It is a plan that is made once per shape and then reused. Depth 0 is the bare id, 1 the row
 * with related ids, 2 the related rows at depth 1, and so on.
 */
export interface View {
  readonly resource: Resource
  /** Distinguishes the representation from the default one in entity tags; '' for the default. */
  readonly variant: string
  readonly depth: number
  readonly parts: readonly ViewPart[]
  /** Names of the fields that the parts show. */
  readonly names: readonly string[]
  /** What has to be loaded in addition to the rows: one query each. */
  readonly loads: readonly ViewLoad[]
  /** The resources whose rows are in the representation, this one first. */
  readonly resources: readonly Resource[]
  /** It shows other rows beside its own, perhaps of the same resource. */
  readonly showsRelated: boolean
  /** It shows only its own rows, and the same fields of each, so nothing has to be loaded in addition. */
  readonly isAlone: boolean
  /** Rules decide what it shows, so it may differ between callers. */
  readonly isRuled: boolean
  /** It shows exactly what is stored. Log and response can then share one text. */
  readonly plain: boolean
}

export type ViewPart = {
  /** The field that the part shows. */
  readonly name: string
  /** The text before the value: `{"title":` or `,"title":`. It is made once, and not per row. */
  readonly prefix: string
} & PartValue

/** How the value of a part is found. `load` is an index into `View.loads`. */
type PartValue =
  | { readonly kind: 'slot'; readonly slot: number; readonly print: Print; readonly show: ScalarType['show'] }
  | { readonly kind: 'ids'; readonly load: number; readonly one: boolean }
  | { readonly kind: 'row'; readonly load: number; readonly slot: number }
  | { readonly kind: 'rows'; readonly load: number; readonly one: boolean }
  | { readonly kind: 'count'; readonly load: number }
  | { readonly kind: 'calc'; readonly field: CalcField }
  | { readonly kind: 'self'; readonly field: SelfField }
  | { readonly kind: 'file'; readonly field: ScalarField }

export type ViewLoad =
  | { readonly kind: 'ids'; readonly field: BackField | ManyField; readonly shown: boolean }
  | { readonly kind: 'count'; readonly field: BackField | ManyField }
  | { readonly kind: 'row'; readonly field: OneField; readonly view: View }
  | { readonly kind: 'rows'; readonly field: BackField | ManyField; readonly view: View }

/** Paths as a tree: `include=a.b,c` → `{ a: { b: {} }, c: {} }`. */
type Paths = Map<string, Paths>

/** The plans of each resource, by shape. */
const views = new WeakMap<Resource, Map<string, View>>()

/**
 * The plan for a shape, whose paths were checked when the query was decoded. At most 256 plans are kept per resource, because
 * clients choose the shapes.
 */
export function viewOf(resource: Resource, shape: Shape): View {
  let known = views.get(resource)
  if (!known) views.set(resource, (known = new Map()))
  const { depth, include, fields } = shape
  const more = include.length > 0 || fields ? `+${include.join(',')}${fields ? `(${fields.join(',')})` : ''}` : ''
  const key = depth === 1 && more === '' ? '' : `d${depth}${more}`
  let view = known.get(key)
  if (!view) {
    if (known.size >= 256) for (const oldest of known.keys().take(1)) known.delete(oldest)
    known.set(key, (view = plan(resource, { depth, include: tree(include), fields: fields && tree(fields) }, key)))
  }
  return view
}

/** Whether rows show their id, or are nothing but their id. */
export function showsId({ depth, names, resource }: View): boolean {
  return names.length === 0 ? depth === 0 : names.includes(resource.id.name)
}

function tree(paths: readonly string[]): Paths {
  const root: Paths = new Map()
  for (const path of paths) {
    let at = root
    for (const name of path.split('.')) {
      let next = at.get(name)
      if (!next) at.set(name, (next = new Map()))
      at = next
    }
  }
  return root
}

/** A shape with its paths as trees. */
interface ShapeTree {
  readonly depth: number
  readonly include: Paths
  /** The fields to show; null = all. */
  readonly fields: Paths | null
}

/** `key` names the shape; '' for the default one. */
function plan(resource: Resource, { depth, include, fields }: ShapeTree, key: string): View {
  const builder = new ViewBuilder(resource)
  if (depth > 0 || include.size > 0 || (fields && fields.size > 0)) {
    for (const field of resource.fields) {
      const chosen = fields ? fields.get(field.name) : undefined
      if (field.hidden || (fields && !chosen)) continue
      const nested = field.target ? nestedView(field, depth, include.get(field.name), chosen) : null
      builder.add(field, nested)
    }
  }
  const plain = depth === 1 && key === '' && builder.isPlain()
  return Object.freeze({ resource, variant: key === '' ? '' : hash(key), depth, ...builder.done(), plain })
}

/** The view of the related rows; null if only their ids are shown. */
function nestedView(field: Field, depth: number, included: Paths | undefined, chosen: Paths | undefined): View | null {
  const deeper = chosen !== undefined && chosen.size > 0
  if (depth < 2 && !included && !deeper) return null
  const target = field.target as Resource
  const shape = { depth: Math.max(depth - 1, 1), include: included ?? new Map(), fields: deeper ? chosen : null }
  return plan(target, shape, `${depth - 1}`)
}

class ViewBuilder {
  readonly #resource: Resource
  readonly #parts: ViewPart[] = []
  readonly #loads: ViewLoad[] = []
  readonly #resources: Set<Resource>

  constructor(resource: Resource) {
    this.#resource = resource
    this.#resources = new Set([resource])
  }

  /** Adds what the field shows. `nested` is the view of its related rows; null if only their ids are shown. */
  add(field: Field, nested: View | null): void {
    const value = this.#valueOf(field, nested)
    if (!value) return
    const prefix = `${this.#parts.length ? ',' : '{'}${JSON.stringify(field.name)}:`
    this.#parts.push({ name: field.name, prefix, ...value })
    if (nested) for (const resource of nested.resources) this.#resources.add(resource)
  }

  /** null for a relation whose ids are not shown. */
  #valueOf(field: Field, nested: View | null): PartValue | null {
    switch (field.is) {
      case 'scalar':
        return field.def.file ? { kind: 'file', field } : { kind: 'slot', slot: field.slot, ...printOf(field) }
      case 'one':
        return nested
          ? { kind: 'row', slot: field.slot, load: this.#load({ kind: 'row', field, view: nested }) }
          : { kind: 'slot', slot: field.slot, ...printOf(field) }
      case 'back':
      case 'many':
        if (nested) return { kind: 'rows', load: this.#load({ kind: 'rows', field, view: nested }), one: !field.toMany }
        return field.ids
          ? { kind: 'ids', load: this.#load({ kind: 'ids', field, shown: true }), one: !field.toMany }
          : null
      case 'count':
        return { kind: 'count', load: this.#load({ kind: 'count', field: field.of }) }
      case 'calc':
        for (const name of field.uses ?? []) this.#use(name)
        return { kind: 'calc', field }
      case 'self':
        return { kind: 'self', field }
    }
  }

  /** Loads the ids of a relation that a function reads, even if the representation does not show them. */
  #use(name: string): void {
    const field = this.#resource.field.get(name)
    if (field?.is === 'back' || field?.is === 'many') this.#load({ kind: 'ids', field, shown: false })
  }

  #load(load: ViewLoad): number {
    // The same ids may be needed twice; one query is enough.
    const same = this.#loads.findIndex(
      l => l.kind === 'ids' && load.kind === 'ids' && l.field === load.field && l.shown === load.shown,
    )
    if (same >= 0) return same
    this.#loads.push(load)
    return this.#loads.length - 1
  }

  isPlain(): boolean {
    return (
      this.#loads.length === 0 &&
      this.#parts.length === this.#resource.columns.length &&
      this.#parts.every(p => p.kind === 'slot' && p.show === null)
    )
  }

  done(): Pick<View, 'parts' | 'names' | 'loads' | 'resources' | 'showsRelated' | 'isAlone' | 'isRuled'> {
    const { rules } = this.#resource
    return {
      showsRelated: this.#loads.some(load => 'view' in load),
      isAlone: this.#loads.length === 0 && !rules?.fields,
      isRuled: rules !== null || this.#loads.some(load => load.field.target.rules !== null || isRuled(load)),
      parts: Object.freeze(this.#parts),
      names: Object.freeze(this.#parts.map(part => part.name)),
      loads: Object.freeze(this.#loads),
      resources: [...this.#resources],
    }
  }
}

function isRuled(load: ViewLoad): boolean {
  return 'view' in load && load.view.isRuled
}

/** How a stored value is written. In a table of another program a column may hold anything, whatever its type says. */
function printOf({ type, owner }: StoredField): { readonly print: Print; readonly show: ScalarType['show'] } {
  return owner.options.foreign === null ? { print: type.print, show: type.show } : { print: 'json', show: null }
}

/** A 32-bit FNV-1a hash in base 36. It only has to distinguish the variants of one version, so it need not be secure. */
export function hash(text: string): string {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return (h >>> 0).toString(36)
}
