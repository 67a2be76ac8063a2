import type { Id, Resource } from '../../../model/model.ts'
import type { Guard, Permissions } from '../../../engine/rules/permissions.ts'
import { isTracked } from '../../../engine/write/related-ids.ts'
import type { View } from '../../../engine/read/view.ts'
import type { Work } from '../../../store/work.ts'
import { climb } from '../routing/climb.ts'
import { RoutingPlan, type PlanNode } from '../routing/plan.ts'
import { shapeOf } from '../routing/shape.ts'
import type { Step } from './step.ts'

/**
 * Finds the rows that look different after a step although no log record is about them: a related row, a list of ids or a count
 * changed, or a rule now decides differently who may see them. What the view shows is a plan like any other, and changes climb
 * in it.
 */
export function* shownOtherwise(plan: RoutingPlan, step: Step): Work<ReadonlySet<Id>> {
  return yield* climb(plan, step, everyone)
}

// Every such row is wanted, whether or not a group is found at its values.
const everyone = (): boolean => true

/**
 * Whether rules decide what can be seen in the rows of a view, or of ids whose changes leave no record. Then only comparing
 * bodies tells whether a row looks different.
 */
export function isGuarded(view: View, permissions: Permissions): boolean {
  return (
    fieldGuards(view.resource, permissions).some(guard => guard.test === null) ||
    view.loads.some(
      load =>
        !permissions.read(load.field.target).open ||
        (load.field.is === 'many' && !isTracked(load.field)) ||
        ('view' in load && (hidesFields(load.view.resource, permissions) || isGuarded(load.view, permissions))),
    )
  )
}

/** Whether a rule hides fields of some rows. */
function hidesFields(resource: Resource, permissions: Permissions): boolean {
  return fieldGuards(resource, permissions).length > 0
}

function fieldGuards(resource: Resource, permissions: Permissions): Guard[] {
  return Object.keys(resource.rules?.fields ?? {})
    .map(name => permissions.field(resource, name, 'read'))
    .filter(guard => !guard.open)
}

/** What a view shows in addition to its rows, as a plan. */
export function planOfView(view: View, permissions: Permissions): RoutingPlan {
  const plan = new RoutingPlan(view.resource, [])
  readView(plan, plan.root, view, permissions)
  return plan
}

function readView(plan: RoutingPlan, node: PlanNode, view: View, permissions: Permissions): void {
  for (const { predicate } of fieldGuards(view.resource, permissions)) {
    plan.read(node, predicate)
    plan.open(node, predicate)
  }
  for (const load of view.loads) {
    const { field } = load
    const guard = permissions.read(field.target)
    const child = plan.child(node, field)
    child.isOpen = true
    if ('view' in load || guard.opaque) child.readsAll = true
    plan.read(child, guard.predicate)
    plan.open(child, guard.predicate)
    if ('view' in load) readView(plan, child, load.view, permissions)
  }
}

/** Equal for views and permissions that are affected by the same changes. */
export function shapeOfView(view: View, permissions: Permissions): string {
  const guards = fieldGuards(view.resource, permissions).map(({ predicate }) => shapeOf(predicate))
  const loads = view.loads.map(load => {
    const guard = permissions.read(load.field.target)
    const inner = 'view' in load ? `(${shapeOfView(load.view, permissions)})` : ''
    return `${load.kind} ${load.field.name} ${shapeOf(guard.predicate)}${guard.opaque ? '!' : ''}${inner}`
  })
  return `${view.resource.name} ${guards.join()} ${loads.join()}`
}

/** Whether a view shows complete related rows. */
export function isShownWithRows(view: View): boolean {
  return view.loads.some(load => 'view' in load)
}
