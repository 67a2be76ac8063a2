import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import { ID, type StoredField } from '../../model/model.ts'
import { wait, type Work } from '../../store/work.ts'
import { equal, type Instance, type UnitOfWork } from './unit-of-work.ts'

/**
 * Names the place in the body of a value that another row has already. The store only knows which fields are concerned; in a
 * body with several rows that does not tell which of them. Returns the error as it is if the row is not found.
 */
export function* placedConflict(unit: UnitOfWork, error: unknown): Work<unknown> {
  if (!(error instanceof ApiError) || error.code !== 'conflict') return error
  if (!error.issues.every(({ code }) => code === 'unique')) return error
  const names = error.issues.map(issue => issue.pointer?.slice('#/'.length) ?? '')
  const others: Instance[] = []
  for (const instance of unit.touched) {
    const fields = names.map(name => instance.resource.field.get(name) as StoredField | undefined)
    if (instance.deleted || !fields.every(field => field?.slot !== undefined)) continue
    const slots = fields.flatMap(field => field?.slot ?? [])
    const isSame = (other: Instance): boolean =>
      other.resource === instance.resource && slots.every(slot => equal(other.row[slot], instance.row[slot]))
    const isTaken = others.some(isSame) || (yield* isStored(unit, instance, slots))
    if (isTaken) return placedAt(error, instance, names)
    others.push(instance)
  }
  return error
}

function* isStored(unit: UnitOfWork, { resource, row, id }: Instance, slots: readonly number[]): Work<boolean> {
  const values = slots.map(slot => row[slot] ?? null)
  if (values.some(value => value === null)) return false
  const stored = yield* wait(unit.tx.find(resource, slots, values))
  return stored !== undefined && stored[ID] !== id
}

function placedAt(error: ApiError, { place }: Instance, names: readonly string[]): ApiError {
  if (place === '#') return error
  const issues = error.issues.map((issue, i): Issue => ({ ...issue, pointer: pointer(place, names[i] ?? '') }))
  return new ApiError('conflict', { issues, cause: error })
}
