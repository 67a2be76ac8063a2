import type { HandledResources } from '../../engine/actions/handled-resources.ts'
import type { DeclaredHandled } from '../../model/declare/handled.ts'
import type { HttpOptions } from '../../transport/http/options.ts'
import { isCollection, JsonServerDocument, type JsonItemChange } from './document.ts'
import { jsonServerEndpoint } from './http.ts'
import { followedResources, tellChanges } from './resources.ts'

export { refuseJsonServerWords } from './refuse-words.ts'

/** How often the file is checked for changes by other programs, in milliseconds. */
const WATCH = 100

export interface JsonServerOptions {
  readonly public: boolean
  readonly readOnly: boolean
  readonly report: (line: string) => void
}

/** The parts of an API that serves a JSON file as json-server 0.17 does. */
export interface JsonServer {
  readonly resources: Readonly<Record<string, DeclaredHandled>>
  readonly services: NonNullable<HttpOptions['services']>
  /** Starts to send changes to subscribers. Returns a function that stops it. */
  readonly start: (publish: HandledResources['publish']) => () => void
}

/**
 * Serves a JSON file in the words of json-server 0.17: plural routes, single objects, `_sort`, `_page`, `_embed`, `views_gte`,
 * `q`. Rows may have any members. Lists can be followed.
 */
export function jsonServer(file: string, { report, ...options }: JsonServerOptions): JsonServer {
  let publish: HandledResources['publish'] | null = null
  const tell = async (changes: readonly JsonItemChange[]): Promise<void> => {
    if (publish !== null) await tellChanges(publish, changes)
  }
  const changed = (changes: readonly JsonItemChange[]): void => {
    tell(changes).catch((error: unknown) => report(`changes of ${file} could not be told: ${String(error)}`))
  }
  const document = new JsonServerDocument(file, { readOnly: options.readOnly, report, changed })
  for (const [name, value] of Object.entries(document.content))
    if (!isCollection(value)) report(`${name} is not served: it is neither a list of objects nor an object`)
  return {
    resources: followedResources(document, { ...options, tell }),
    services: path => jsonServerEndpoint({ document, tell }, path),
    start: given => {
      publish = given
      const watch = setInterval(() => document.look(), WATCH).unref()
      return () => clearInterval(watch)
    },
  }
}
