import { readdirSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'

/** Programs are made of these. Data and pages are not watched: they are read again anyway. */
const SOURCE = /(?:\.[cm]?[jt]sx?|^\.env|^package\.json)$/

/** Folders whose changes say nothing about the program. */
const FOREIGN = /^(?:\.|node_modules$|dist$|public$|coverage$)/

/**
 * Calls back with the name of a source when it changes, once for changes that come together. A new folder is watched from the next
 * change on. Returns a function that ends it.
 */
export function watchSources(root: string, changed: (name: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | null = null
  const look = (folder: string): void => {
    if (!watchers.has(folder)) {
      const watcher = watch(folder, (_, name) => {
        if (name === null || !SOURCE.test(name)) return
        if (timer) clearTimeout(timer)
        timer = setTimeout(() => {
          look(root)
          changed(join(folder, name))
        }, 50)
      })
      // A folder that is deleted is no longer watched.
      watcher.on('error', () => watchers.delete(folder))
      watchers.set(folder, watcher)
    }
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && !FOREIGN.test(entry.name)) look(join(folder, entry.name))
  }
  look(root)
  return () => {
    if (timer) clearTimeout(timer)
    for (const watcher of watchers.values()) watcher.close()
  }
}
