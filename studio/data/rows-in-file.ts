import type { ResourceInfo } from '../server/description.ts'
import type { FieldInfo } from '../server/fields.ts'
import { isMade } from './grid/editable.ts'
import { plainOf, readCsv } from './csv.ts'
import { valueOf } from './row/field-input.tsx'

/**
 * The rows of a file: JSON as it is, CSV by the types of the fields. What cannot be written, such as ids and the bytes of
 * files, is left out, so that an export can be imported. Throws Error with a sentence about the first fault, and its row.
 */
export function rowsIn(text: string, resource: ResourceInfo): object[] {
  const rows = /^\uFEFF?\s*[[{]/.test(text) ? rowsOfJson(text, resource) : rowsOfCsv(text, resource)
  if (rows.length === 0) throw new Error('The file has no rows')
  return rows
}

function rowsOfJson(text: string, resource: ResourceInfo): object[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new Error(`The file is not JSON: ${(error as Error).message}`, { cause: error })
  }
  const fixed = new Set(resource.fields.filter(one => !isMade(one)).map(one => one.name))
  return [parsed].flat().map((row, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new Error(`Row ${i + 1}: must be an object`)
    return Object.fromEntries(Object.entries(row).filter(([name]) => !fixed.has(name)))
  })
}

function rowsOfCsv(text: string, resource: ResourceInfo): object[] {
  const [names = [], ...lines] = readCsv(text.replace(/^\uFEFF/, ''))
  const fields = names.map(name => {
    const field = resource.fields.find(one => one.name === name)
    if (!field) throw new Error(`The file has a column ${name}, and ${resource.name} has no such field`)
    return field
  })
  return lines.map((cells, i) => {
    if (cells.length !== fields.length)
      throw new Error(`Row ${i + 1}: has ${cells.length} cells, and there are ${fields.length} columns`)
    return Object.fromEntries(
      fields.flatMap((field, at) => {
        const cell = cells[at]!
        return isMade(field) && (cell !== '' || field.nullable) ? [[field.name, valueIn(field, cell, i + 1)]] : []
      }),
    )
  })
}

function valueIn(field: FieldInfo, cell: string, row: number): unknown {
  try {
    return valueOf(field, plainOf(cell))
  } catch (error) {
    throw new Error(`Row ${row}, ${field.name}: ${(error as Error).message}`, { cause: error })
  }
}
