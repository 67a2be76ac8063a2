import { plainCredentials, type Principal } from '../../../auth/principal.ts'
import { bindRules, ruleFor } from '../../../engine/rules/bind.ts'
import { visitsInTurn } from '../../../engine/rules/authorize.ts'
import { ID, type Id, type Resource } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Snapshot } from '../../../store/store.ts'
import { wait, type Work } from '../../../store/work.ts'
import type { Service } from '../../../transport/http/endpoint.ts'
import { isForLoggedIn, ruledOperations, servedResource } from '../model-report.ts'
import { labelOf, usersOf } from '../users.ts'
import { asksStudio, misasked, refusedToUse } from '../studio-service.ts'
import type { StudioSubject } from '../studio-subject.ts'
import type { StudioOptions } from '../studio-options.ts'

/** How many users are compared if the question names none. */
const COMPARED = 6
/** The most users of one question. */
const MOST = 20

/** On which rows a user may do something: so many of all, or `?` if that cannot be counted or depends on what is written. */
type Reach = number | 'all' | 'none' | '?'

interface MatrixLine {
  readonly user: Id | null
  readonly label: string
  readonly may: Readonly<Record<string, Reach>>
}

/**
 * Says on how many rows of a resource users may do what: `{ resource, users }`. Without `users` it compares somebody who is not
 * logged in and a user of each role.
 */
export function matrixService(path: string, rules: Required<StudioOptions>, shown: StudioSubject): Service {
  const { model, store, auth } = shown
  return asksStudio(path, rules, async (asked, { who, exchange }) => {
    if (!rules.lookAs(who, plainCredentials(exchange))) throw refusedToUse(who)
    const resource = servedResource(model, asked['resource'])
    if (!resource) throw misasked('resource', 'must be the name of a resource that is served')
    const users = usersOf(model)
    const given = asked['users']
    if (given !== undefined && (!Array.isArray(given) || given.length > MOST))
      throw misasked('users', `must be a list of at most ${MOST} ids`)
    const ids: readonly Id[] = given ?? (users ? await store.read(snapshot => oneOfEachRole(snapshot, users)) : [])
    const callers: (readonly [Id | null, Principal | null])[] = [[null, null]]
    for (const id of ids) {
      const user = (await auth?.userOf(id)) ?? null
      if (!user) throw misasked('users', `${JSON.stringify(id)} is no id of a user`)
      callers.push([id, user])
    }
    return store.read(snapshot => matrix(snapshot, shown, resource, callers))
  })
}

function* matrix(
  snapshot: Snapshot,
  shown: StudioSubject,
  resource: Resource,
  callers: readonly (readonly [Id | null, Principal | null])[],
): Work<{ rows: number; lines: MatrixLine[] }> {
  const everything = { kind: 'constant', value: true } as const
  const rows = yield* wait(snapshot.count(resource, everything))
  const lines: MatrixLine[] = []
  for (const [user, me] of callers) {
    const may: Record<string, Reach> = {}
    for (const operation of ruledOperations) may[operation] = yield* reach(snapshot, shown, { resource, operation, me })
    lines.push({ user, label: labelOf(shown, me), may })
  }
  return { rows, lines }
}

function* reach(
  snapshot: Snapshot,
  { auth, engine }: StudioSubject,
  {
    resource,
    operation,
    me,
  }: { readonly resource: Resource; readonly operation: string; readonly me: Principal | null },
): Work<Reach> {
  if (resource.options.readOnly && operation !== 'read') return 'none'
  const rule = ruleFor(resource, operation)
  if (rule === null) return 'none'
  if (rule === 'open') return me === null && isForLoggedIn(resource, operation, auth !== null) ? 'none' : 'all'
  const { predicate, tests } = bindRules(resource, rule, me)
  if (predicate.kind === 'constant' && (!predicate.value || tests.length === 0)) return predicate.value ? 'all' : 'none'
  if (operation === 'create' || tests.length > 0) return '?'
  try {
    return yield* wait(snapshot.count(resource, predicate, visitsInTurn(engine.limits)))
  } catch (error) {
    if (ApiError.from(error).code === 'too_complex') return '?'
    throw error
  }
}

/** The first user with each value of the field that chooses among few; else the first users. */
function* oneOfEachRole(snapshot: Snapshot, users: Resource): Work<Id[]> {
  const role = users.columns.find(({ type, hidden }) => !hidden && Array.isArray(type.schema['enum']))
  const values = role ? (role.type.schema['enum'] as readonly string[]).slice(0, COMPARED) : [null]
  const ids: Id[] = []
  for (const value of values) {
    const where = role
      ? ({ kind: 'compare', op: 'eq', field: role.name, value } as const)
      : ({ kind: 'constant', value: true } as const)
    const limit = role ? 1 : COMPARED
    const found = yield* wait(snapshot.select(users, { where, sort: [], limit, offset: 0, cursor: null }))
    ids.push(...found.map(row => row[ID] as Id))
  }
  return ids
}
