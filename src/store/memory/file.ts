import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ApiError } from '../../protocol/error.ts'
import type { Model } from '../../model/model.ts'
import type { Environment } from '../store.ts'
import { documentOf, stateOf, type Document } from './document.ts'
import { emptyState, type State } from './state.ts'

/** A state kept in a JSON file: read once, then written as a whole, one writing for all commits that wait for it. */
export class JsonFile {
  readonly #path: string
  #model: Model | null = null
  /** As it was read; what the model does not know of it is written back. */
  #document: Document = {}
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** The state in the file, or an empty one if there is no file. Throws an Error that says all that is wrong with it. */
  read(model: Model, environment: Environment): State {
    this.#model = model
    const text = this.#text()
    if (text === null) {
      environment.report(`${this.#path} does not exist yet; it is written with the first change`)
      return emptyState(model)
    }
    try {
      const parsed: unknown = JSON.parse(text)
      const { state, faults } = stateOf(model, parsed, environment.clock())
      if (faults.length > 0) throw new Error(faults.join('\n'))
      this.#document = parsed as Document
      return state
    } catch (cause) {
      throw new Error(`${this.#path} cannot be used, and is left as it is:\n${(cause as Error).message}`, { cause })
    }
  }

  /** Settles when what `current` gave at some moment after the call is on disk; rejects with `outcome_unknown` if it could not be. */
  save(current: () => State): Promise<void> {
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#writing = this.#next!
        this.#next = null
        return this.#write(current())
      })
    return this.#next
  }

  /** Settles when nothing is left to write. */
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

  /** A crash at any moment leaves either the old file or the new one: the new one is complete before it takes the name. */
  async #write(state: State): Promise<void> {
    const text = `${JSON.stringify(documentOf(this.#model!, state, this.#document), null, 2)}\n`
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
