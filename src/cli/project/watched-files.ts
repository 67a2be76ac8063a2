import { existsSync, watch, type FSWatcher } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

/** How many milliseconds are waited for more changes, as editors and version control make several at once. */
const PAUSE = 50

/** Files that a program is made of. When they change, it calls back with the name of one, once for changes that come together. */
export class WatchedFiles {
  readonly #changed: (name: string) => void
  readonly #files = new Set<string>()
  readonly #folders = new Map<string, FSWatcher>()
  #timer: NodeJS.Timeout | undefined

  constructor(changed: (name: string) => void) {
    this.#changed = changed
  }

  /** Watches a file by its absolute path. It need not be there yet. */
  add(file: string): void {
    this.#files.add(file)
    const folder = dirname(file)
    if (this.#folders.has(folder) || !existsSync(folder)) return
    // Editors replace a file when they save it, which only its folder tells.
    const watcher = watch(folder, (_, name) => {
      if (!existsSync(folder)) this.#forget(folder)
      const changed = join(folder, name ?? '')
      if (this.#files.has(changed)) this.#tell(changed)
    })
    watcher.on('error', () => this.#forget(folder))
    this.#folders.set(folder, watcher)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const folder of this.#folders.keys()) this.#forget(folder)
  }

  #tell(file: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#changed(relative('.', file) || basename(file)), PAUSE)
  }

  /** A folder that was deleted is watched again when a file in it is added. */
  #forget(folder: string): void {
    this.#folders.get(folder)?.close()
    this.#folders.delete(folder)
  }
}
