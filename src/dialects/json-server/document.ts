import { parseKept, shownOf } from '../../protocol/exact-json.ts'
import { ApiError } from '../../protocol/error.ts'
import { TextFile } from '../../store/memory/file/text-file.ts'

/** A row as in the file: an object with any members. */
export type JsonItem = Readonly<Record<string, unknown>>
/** What a member of the document holds: a list of rows, or a single object. */
export type Collection = readonly JsonItem[] | JsonItem
export type JsonContent = Readonly<Record<string, unknown>>

/** A change of a row of a list, or of a single object, whose id is null. */
export interface JsonItemChange {
  readonly name: string
  readonly id: string | null
  readonly before: JsonItem | null
  readonly after: JsonItem | null
}

export interface JsonServerDocumentOptions {
  readonly readOnly: boolean
  readonly report: (line: string) => void
  /** Hears what another program has changed. */
  readonly changed: (changes: readonly JsonItemChange[]) => void
}

/**
 * A JSON file with lists of rows and single objects. The whole document is in memory, and each write saves the file anew, one
 * after another. Changes by other programs are read, and never overwritten.
 */
export class JsonServerDocument {
  readonly #file: TextFile
  readonly #options: JsonServerDocumentOptions
  #content: JsonContent
  #fault: string | null = null
  #writing: Promise<unknown> = Promise.resolve()

  /** Throws an Error if the file cannot be used. */
  constructor(path: string, options: JsonServerDocumentOptions) {
    this.#file = new TextFile(path)
    this.#options = options
    this.#content = parsed(this.#file.read() ?? '{}')
  }

  /** The document as it is in the file at this moment. */
  get content(): JsonContent {
    this.look()
    return this.#content
  }

  /**
   * Replaces the document by what `change` returns, saves it, and returns what has changed. Throws ApiError
   * `unavailable` if another program changed the file at the same moment, `outcome_unknown` if it could not be saved.
   */
  write(change: (content: JsonContent) => JsonContent): Promise<readonly JsonItemChange[]> {
    const written = this.#writing.catch(() => {}).then(() => this.#write(change))
    this.#writing = written
    return written
  }

  async #write(change: (content: JsonContent) => JsonContent): Promise<readonly JsonItemChange[]> {
    if (this.#options.readOnly) throw new ApiError('forbidden', { detail: 'the file is only read' })
    const before = this.content
    const { path } = this.#file
    if (this.#fault !== null)
      throw new ApiError('unavailable', { detail: `${path} cannot be used since another program changed it` })
    const after = change(before)
    if (after === before) return []
    const saved = await this.#file.replace(`${JSON.stringify(after, null, 2)}\n`).catch((cause: unknown) => {
      throw new ApiError('outcome_unknown', { detail: 'The change could not be saved', cause })
    })
    if (!saved)
      throw new ApiError('unavailable', { detail: `another program changed ${path} at this moment: send it again` })
    this.#content = after
    return differences(before, after)
  }

  /** Reads what another program has written. */
  look(): void {
    if (!this.#file.isChanged) return
    const { report, changed } = this.#options
    try {
      const text = this.#file.readChanged()
      if (text === null || text === undefined) return
      const before = this.#content
      this.#content = parsed(text)
      this.#fault = null
      report(`${this.#file.path} was changed by another program, and is read again`)
      changed(differences(before, this.#content))
    } catch (error) {
      this.#fault = (error as Error).message
      report(`${this.#file.path} was changed by another program, and cannot be used:\n${this.#fault}`)
    }
  }
}

function parsed(text: string): JsonContent {
  const content = parseKept(text.replace(/^\uFEFF/, ''))
  if (!isItem(content)) throw new Error('It is not a JSON object with a list or an object for each name')
  return content
}

export function isItem(value: unknown): value is JsonItem {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const isCollection = (value: unknown): value is Collection =>
  isItem(value) || (Array.isArray(value) && value.every(isItem))

export const isList = (collection: Collection): collection is readonly JsonItem[] => Array.isArray(collection)

/** A row with plain numbers in place of those that keep their digits, for comparisons. */
export function withNumbers(item: JsonItem): JsonItem {
  let found = SHOWN.get(item)
  if (found === undefined) SHOWN.set(item, (found = shownOf(item) as JsonItem))
  return found
}
const SHOWN = new WeakMap<JsonItem, JsonItem>()

/** Values are compared by this text. */
export const asText = (value: unknown): string => String(value)

/** The id of a row as in its URI; null if it has none. */
export function idOf(item: JsonItem): string | null {
  const { id } = withNumbers(item)
  return id === undefined || id === null ? null : asText(id)
}

function differences(before: JsonContent, after: JsonContent): JsonItemChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap(name => (before[name] === after[name] ? [] : changesOf(name, before[name], after[name])))
}

function changesOf(name: string, before: unknown, after: unknown): JsonItemChange[] {
  const [from, to] = [rowsOf(before), rowsOf(after)]
  const gone = [...from].filter(([id]) => !to.has(id)).map(([id, item]) => ({ name, id, before: item, after: null }))
  const changed = [...to].flatMap(([id, item]): JsonItemChange[] => {
    const was = from.get(id) ?? null
    return was !== null && (was === item || JSON.stringify(was) === JSON.stringify(item))
      ? []
      : [{ name, id, before: was, after: item }]
  })
  return [...gone, ...changed]
}

/** Rows by their ids. Those without one cannot be followed. */
function rowsOf(value: unknown): ReadonlyMap<string | null, JsonItem> {
  if (!isCollection(value)) return new Map()
  if (!isList(value)) return new Map([[null, value]])
  return new Map(value.flatMap(item => (idOf(item) === null ? [] : [[idOf(item), item]])))
}
