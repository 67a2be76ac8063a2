import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** What a program tells `restuary dev`: a file that it has loaded, or that it could not find. */
export interface LoadedFile {
  readonly loaded: string
}

/** Tells the parent process, if there is one, which files the program imports. Packages are left out: nobody edits them. */
export function tellLoadedFiles(): void {
  if (!process.send) return
  registerHooks({
    resolve(specifier, context, next) {
      try {
        const found = next(specifier, context)
        tell(found.url)
        return found
      } catch (error) {
        // It may be there after the next change.
        if (/^\.{0,2}\//.test(specifier) && context.parentURL) tell(new URL(specifier, context.parentURL).href)
        throw error
      }
    },
  })
}

function tell(url: string): void {
  if (url.startsWith('file:') && !url.includes('/node_modules/'))
    process.send!({ loaded: fileURLToPath(url) } satisfies LoadedFile)
}
