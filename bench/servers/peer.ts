import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Packages that are installed for comparison: in the folder that RESTUARY_PEERS names, or here. */
const folders = [process.env['RESTUARY_PEERS'], import.meta.dirname].filter(folder => folder !== undefined)

/** The folder from which a package is found that may not be installed; null if there is none. */
function folderOf(name: string): string | null {
  const has = (folder: string): boolean => {
    try {
      createRequire(`${folder}/`).resolve(name)
      return true
    } catch {
      return false
    }
  }
  return folders.find(has) ?? null
}

export function hasPeer(name: string): boolean {
  return folderOf(name) !== null
}

/** Where a package finds its modules: Node says it with this flag only. */
export const PEER_FLAG = '--experimental-import-meta-resolve'

/** Such a package, as modules where it has them. Throws if it is not installed. */
// oxlint-disable-next-line no-explicit-any -- its types come with it, and it may not be there
export function peer(name: string): Promise<any> {
  const folder = folderOf(name)
  if (folder === null) throw new Error(`${name} is not installed; RESTUARY_PEERS may name a folder where it is`)
  return import(import.meta.resolve(name, pathToFileURL(`${folder}/`)))
}
