import type { Id, Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { wait } from '../../store/work.ts'
import type { NewId } from '../write/unit-of-work.ts'

/** A source of ids that tests control. null = no opinion about this resource; the usual source is used. */
export interface IdSource {
  next(resource: string): Id | null
}

/** Makes the ids of new rows: integers from the store's counter, or uuids of version 7 (RFC 9562 §5.7). */
export function newIds(ids: IdSource | null, clock: () => number, random: (bytes: number) => Uint8Array): NewId {
  return function* (unit, resource) {
    const given = ids?.next(resource.name) ?? null
    if (given !== null) {
      if (typeof given === 'number') unit.tx.reserve(resource, given)
      return given
    }
    const { type } = resource.id
    switch (type.key) {
      case 'integer':
        return yield* wait(unit.tx.nextId(resource))
      case 'uuid':
        return uuid7(clock(), random)
      case 'bigint':
      case 'hex':
      case 'text':
        throw mustBeChosen(resource)
      case null:
        throw new TypeError(`${resource.name} has no id`)
    }
  }
}

function mustBeChosen(resource: Resource): ApiError {
  return new ApiError('validation', {
    issues: [
      {
        code: 'required',
        pointer: `#/${resource.id.name}`,
        detail: `is chosen by the client: send it, or PUT to the URI of the new ${resource.name}`,
      },
    ],
  })
}

/** A uuid of version 7 (RFC 9562 §5.7). Such ids are ordered by time, so new rows go to the end of an index. */
export function uuid7(now: number, random: (bytes: number) => Uint8Array): string {
  const bytes = Uint8Array.from(random(16))
  for (let i = 0, at = now; i < 6; i++, at = Math.floor(at / 256)) bytes[5 - i] = at % 256
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
