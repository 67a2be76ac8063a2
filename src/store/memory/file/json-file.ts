import { parseKept, shownOf } from '../../../protocol/exact-json.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Model } from '../../../model/model.ts'
import type { StoreEnvironment } from '../../store.ts'
import { documentFrom, stateFrom, type JsonDocument } from './document.ts'
import { emptyState, type MemoryState } from '../state.ts'
import { TextFile } from './text-file.ts'

/**
 * Keeps a state in a JSON file, which is written as a whole, once for all commits that wait. What another program writes into
 * it is never overwritten: commits that were not saved by then are refused.
 */
export class JsonFile {
  readonly #file: TextFile
  #opened: { readonly model: Model; readonly environment: StoreEnvironment } | null = null
  /** The document as it was read. Members that the model does not know are written back. */
  #document: JsonDocument = {}
  /** Why the file, as another program left it, cannot be used. */
  #fault: string | null = null
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  /** How often others have changed the file. What was to be saved before is refused. */
  #changes = 0

  constructor(path: string) {
    this.#file = new TextFile(path)
  }

  /**
   * Reads the state from the file; without a file it is empty. Throws one Error that says everything that is wrong with the
   * file.
   */
  read(model: Model, environment: StoreEnvironment): MemoryState {
    this.#opened = { model, environment }
    const text = this.#file.read()
    if (text === null) {
      environment.report(`${this.#file.path} does not exist yet; it is written with the first change`)
      return emptyState(model)
    }
    try {
      return this.#parse(text)
    } catch (cause) {
      throw new Error(`${this.#file.path} cannot be used, and was not changed:\n${(cause as Error).message}`, { cause })
    }
  }

  /** The state as another program has left it in the file; null if nobody has. If it cannot be used, `check` throws from then on. */
  look(): MemoryState | null {
    if (!this.#file.isChanged) return null
    const { path } = this.#file
    try {
      const text = this.#file.readChanged()
      // A file that is gone is written anew with the next change: editors take it away for a moment.
      if (text === null || text === undefined) return null
      this.#refuseWaiting()
      const state = this.#parse(text)
      this.#fault = null
      this.#open.environment.report(`${path} was changed by another program, and is read again`)
      return state
    } catch (error) {
      this.#refuseWaiting()
      this.#fault = (error as Error).message
      this.#open.environment.report(`${path} was changed by another program, and cannot be used:\n${this.#fault}`)
      return null
    }
  }

  /** Throws ApiError `unavailable` while the file holds what cannot be used, because to save would overwrite it. */
  check(): void {
    if (this.#fault === null) return
    const detail = `${this.#file.path} cannot be used since another program changed it: correct it there`
    throw new ApiError('unavailable', { detail })
  }

  /**
   * Saves the state that `current` returns when writing begins. Resolves when it is on disk. Rejects with ApiError
   * `outcome_unknown` if that fails, and with `Overtaken` if another program has changed the file.
   */
  save(current: () => MemoryState): Promise<void> {
    if (this.#next !== null) return this.#next
    const changes = this.#changes
    const next = this.#writing
      .catch(() => {})
      .then(() => {
        if (changes !== this.#changes) throw new Overtaken()
        this.#next = null
        return this.#write(current(), changes)
      })
    return (this.#writing = this.#next = next)
  }

  /** What the file would hold for a state. */
  textOf(state: MemoryState): string {
    return textOf(this.#open.model, state, this.#document)
  }

  /** Resolves when everything is written. */
  settled(): Promise<void> {
    return this.#writing
  }

  /** For which model the file was read. Throws Error before it was. */
  get #open(): { readonly model: Model; readonly environment: StoreEnvironment } {
    if (!this.#opened) throw new Error(`${this.#file.path} is not open`)
    return this.#opened
  }

  #parse(text: string): MemoryState {
    const parsed = parseKept(text.replace(/^\uFEFF/, ''))
    const { state, faults } = stateFrom(this.#open.model, shownOf(parsed), this.#open.environment.clock())
    if (faults.length > 0) throw new Error(faults.join('\n'))
    this.#document = parsed as JsonDocument
    return state
  }

  #refuseWaiting(): void {
    this.#changes++
    this.#next = null
  }

  async #write(state: MemoryState, changes: number): Promise<void> {
    const document = documentFrom(this.#open.model, state, this.#document)
    try {
      if (await this.#file.replace(printed(document))) this.#document = document
      else throw new Overtaken()
    } catch (cause) {
      if (cause instanceof Overtaken) {
        if (changes === this.#changes) this.#refuseWaiting()
        throw cause
      }
      throw new ApiError('outcome_unknown', { detail: 'The change is made but could not be saved', cause })
    }
  }
}

/** Another program has changed the file before a commit was saved. The commit is taken back when the file is read again. */
export class Overtaken extends ApiError {
  constructor() {
    super('unavailable', {
      detail: 'another program changed the file at this moment; nothing was changed, send it again',
    })
  }
}

/** The document of a state as text; members of the former document that are not of the model are kept. */
export function textOf(model: Model, state: MemoryState, former: JsonDocument): string {
  return printed(documentFrom(model, state, former))
}

const printed = (document: JsonDocument): string => `${JSON.stringify(document, null, 2)}\n`
