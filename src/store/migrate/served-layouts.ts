import type { Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Misfits } from './misfits.ts'
import type { Layout } from '../sql/layout.ts'

/**
 * The layouts of a running process. Another process may change the tables meanwhile: whoever then asks for the layout of a
 * resource that no longer fits gets ApiError `unavailable`, and all others go on.
 */
export class ServedLayouts extends Map<Resource, Layout> {
  #misfits: Misfits = new Map()

  /** Refuses these resources from now on, and no others. */
  refuse(misfits: Misfits): void {
    this.#misfits = misfits
  }

  override get(resource: Resource): Layout | undefined {
    if (this.#misfits.size > 0) this.#check(resource)
    return super.get(resource)
  }

  #check(resource: Resource): void {
    const why = this.#misfits.get(resource)
    if (why === undefined) return
    const detail = `the database was changed for another version of this application: ${why}`
    throw new ApiError('unavailable', { detail, expected: true })
  }
}
