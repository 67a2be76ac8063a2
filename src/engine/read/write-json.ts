import type { Ctx } from '../../schema/field.ts'
import type { FileShown, StoredFile } from '../../schema/file.ts'
import type { Id, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import type { LoadedPart, LoadedRelations } from './related/load-related.ts'
import type { ViewPart, View } from './view.ts'
import type { Value } from '../../schema/field.ts'
import { nextTurnAfterReading, type Work } from '../../store/work.ts'
import { readRow } from './row-for-functions.ts'
import { tooManyBytes } from './too-many-bytes.ts'

/** Writes a row as JSON text straight from its slots. No object is made per row. */
export function writeRow(view: View, row: Row, related: LoadedRelations, ctx: Ctx): string {
  if (view.depth === 0 && view.parts.length === 0) return JSON.stringify(row[ID])
  if (related.masks !== null) return writeMasked(view, row, related, ctx)
  let text = ''
  for (const part of view.parts) {
    text += part.prefix
    // Most parts are columns that are written as they are. They are handled here, because a function call for each would double
    // the cost.
    if (part.kind === 'slot' && part.print === 'raw') text += row[part.slot] as number | boolean | null
    else if (part.kind === 'slot' && part.print === 'json' && part.show === null) text += JSON.stringify(row[part.slot])
    else text += writePart(view, part, row, related, ctx)
  }
  return text === '' ? '{}' : text + '}'
}

/** Writes a row without the fields that the caller may not read in it. */
function writeMasked(view: View, row: Row, related: LoadedRelations, ctx: Ctx): string {
  let text = ''
  for (const part of view.parts) {
    if (related.masks?.get(part.name)?.(row)) continue
    // The first part that is shown gets the brace; the prefix of the plan does not know which one that is.
    text += (text === '' ? '{' : ',') + part.prefix.slice(1) + writePart(view, part, row, related, ctx)
  }
  return text === '' ? '{}' : text + '}'
}

type SlotPart = ViewPart & { readonly kind: 'slot' }

/** Writes rows as a JSON array. Throws ApiError `too_complex` if it has more than about `most` bytes. */
export function writeRows(view: View, rows: readonly Row[], { related, ctx, most }: RowsText): string {
  let text = ''
  for (const row of rows) {
    text += (text === '' ? '[' : ',') + writeRow(view, row, related, ctx)
    if (text.length > most) throw tooManyBytes(most)
  }
  return text === '' ? '[]' : text + ']'
}

interface RowsText {
  readonly related: LoadedRelations
  readonly ctx: Ctx
  /** How many bytes the text may have. */
  readonly most: number
}

/** Characters of a page that are written in one turn of the event loop. */
const SLICE = 262_144

/**
 * Writes a page: its first rows up to so many bytes, or its last ones (`backwards`), but at least one. Returns which rows it
 * wrote.
 */
export function* writePage(
  view: View,
  rows: readonly Row[],
  { related, ctx, most, backwards, pauses }: PageText,
): Work<{ readonly body: string; readonly rows: readonly Row[] }> {
  let text = ''
  let slice = SLICE
  // The brackets, and a comma or bracket behind each row. Until it matters, each character is taken for three bytes.
  let bytes = 1
  let isExact = false
  let count = 0
  for (; count < rows.length; count++) {
    if (text.length > slice && pauses()) {
      slice = text.length + SLICE
      yield* nextTurnAfterReading()
    }
    const one = writeRow(view, rows[backwards ? rows.length - 1 - count : count]!, related, ctx)
    let size = isExact ? Buffer.byteLength(one) : 3 * one.length
    if (!isExact && bytes + size + 1 > most) {
      isExact = true
      bytes = count === 0 ? 1 : Buffer.byteLength(text) + 2
      size = Buffer.byteLength(one)
    }
    if (bytes + size + 1 > most && count > 0) break
    bytes += size + 1
    text = count === 0 ? one : backwards ? `${one},${text}` : `${text},${one}`
  }
  const shown = backwards ? rows.slice(rows.length - count) : rows.slice(0, count)
  return { body: `[${text}]`, rows: count === rows.length ? rows : shown }
}

interface PageText extends RowsText {
  readonly backwards: boolean
  /** Whether a long page may be written in several turns, as all has been read. */
  readonly pauses: () => boolean
}

function writePart(view: View, part: ViewPart, row: Row, related: LoadedRelations, ctx: Ctx): string {
  switch (part.kind) {
    case 'slot':
      return writeSlot(part, row[part.slot] ?? null)
    case 'ids': {
      const ids = (related.of[part.load] as LoadedPart & { kind: 'ids' }).ids.get(row[ID] as Id)
      if (part.one) return ids ? JSON.stringify(ids[0]) : 'null'
      return ids ? JSON.stringify(ids) : '[]'
    }
    case 'row': {
      const target = row[part.slot]
      if (target === null) return 'null'
      const loaded = related.of[part.load] as LoadedPart & { kind: 'row' }
      const found = loaded.rows.get(target as Id)
      return found ? writeRow(nested(view, part.load), found, loaded.related, ctx) : JSON.stringify(target)
    }
    case 'rows': {
      const loaded = related.of[part.load] as LoadedPart & { kind: 'rows' }
      const rows = loaded.rows.get(row[ID] as Id) ?? []
      if (part.one) return rows[0] ? writeRow(nested(view, part.load), rows[0], loaded.related, ctx) : 'null'
      return writeRows(nested(view, part.load), rows, { related: loaded.related, ctx, most: loaded.most })
    }
    case 'count':
      return String((related.of[part.load] as LoadedPart & { kind: 'count' }).counts.get(row[ID] as Id) ?? 0)
    case 'calc': {
      const value = part.field.def.get(readRow(view.resource, row, idsOf(view, related, row)), ctx)
      return JSON.stringify(value ?? null)
    }
    case 'self':
      return JSON.stringify(selfUrl(view.resource, row[ID] as Id))
    case 'file': {
      const file = row[part.field.slot] as StoredFile | null
      if (file === null) return 'null'
      const url = `${selfUrl(view.resource, row[ID] as Id)}/${encodeURIComponent(part.field.name)}`
      return JSON.stringify({ ...file, url } satisfies FileShown)
    }
  }
}

/** Writes a column as JSON. `quoted` text never needs escapes, for instance a uuid, and is not scanned for them. */
function writeSlot({ print, show }: SlotPart, stored: Value): string {
  const value = show === null || stored === null ? stored : show(stored)
  return print === 'quoted' && value !== null ? `"${value as string}"` : JSON.stringify(value)
}

function nested(view: View, load: number): View {
  const part = view.loads[load]
  if (part?.kind !== 'row' && part?.kind !== 'rows') throw new TypeError('a shown relation has no view')
  return part.view
}

/** The related ids that were loaded for functions of the declaration, by field name. */
function idsOf(view: View, related: LoadedRelations, row: Row): ReadonlyMap<string, readonly Id[]> {
  const ids = new Map<string, readonly Id[]>()
  view.loads.forEach((load, i) => {
    if (load.kind === 'ids')
      ids.set(load.field.name, (related.of[i] as LoadedPart & { kind: 'ids' }).ids.get(row[ID] as Id) ?? [])
  })
  return ids
}

/** The path of a row below the host. */
function selfUrl(resource: Resource, id: Id): string {
  return `${resource.url}/${encodeURIComponent(String(id))}`
}
