import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseKept, shownOf } from '../../protocol/exact-json.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Model } from '../../model/model.ts'
import type { StoreEnvironment } from '../store.ts'
import { documentFrom, stateFrom, type JsonDocument } from './document.ts'
import { emptyState, type MemoryState } from './state.ts'

/** Keeps a state in a JSON file. It is read once and then written as a whole, once for all commits that wait. */
export class JsonFile {
  readonly #path: string
  #model: Model | null = null
  /** The document as it was read. Members that the model does not know are written back. */
  #document: JsonDocument = {}
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Reads the state from the file; without a file it is empty. Throws one Error that says everything that is wrong with the
   * file.
   */
  read(model: Model, environment: StoreEnvironment): MemoryState {
    this.#model = model
    const text = this.#text()
    if (text === null) {
      environment.report(`${this.#path} does not exist yet; it is written with the first change`)
      return emptyState(model)
    }
    try {
      const parsed = parseKept(text.replace(/^\uFEFF/, ''))
      const { state, faults } = stateFrom(model, shownOf(parsed), environment.clock())
      if (faults.length > 0) throw new Error(faults.join('\n'))
      this.#document = parsed as JsonDocument
      return state
    } catch (cause) {
      throw new Error(`${this.#path} cannot be used, and was not changed:\n${(cause as Error).message}`, { cause })
    }
  }

  /**
   * Saves the state that `current` returns when writing begins. Resolves when it is on disk; rejects with ApiError
   * `outcome_unknown` if that fails.
   */
  save(current: () => MemoryState): Promise<void> {
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#writing = this.#next!
        this.#next = null
        return this.#write(current())
      })
    return this.#next
  }

  /** What the file would hold for a state. */
  textOf(state: MemoryState): string {
    return textOf(this.#model!, state, this.#document)
  }

  /** Resolves when everything is written. */
  settled(): Promise<void> {
    return this.#next ?? this.#writing
  }

  #text(): string | null {
    try {
      return readFileSync(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  /**
   * Writes the file under a temporary name and then renames it. So a crash at any moment leaves either the old or the new file,
   * never half of one.
   */
  async #write(state: MemoryState): Promise<void> {
    this.#document = documentFrom(this.#model!, state, this.#document)
    const text = printed(this.#document)
    const temporary = `${this.#path}.new`
    try {
      const file = await open(temporary, 'w')
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.#path)
      const directory = await open(dirname(this.#path), 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    } catch (cause) {
      throw new ApiError('outcome_unknown', { detail: 'The change is made but could not be saved', cause })
    }
  }
}

/** The document of a state as text; members of the former document that are not of the model are kept. */
export function textOf(model: Model, state: MemoryState, former: JsonDocument): string {
  return printed(documentFrom(model, state, former))
}

const printed = (document: JsonDocument): string => `${JSON.stringify(document, null, 2)}\n`
