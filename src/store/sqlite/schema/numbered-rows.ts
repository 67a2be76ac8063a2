import { NTH } from '../../../model/key-text.ts'
import type { Model } from '../../../model/model.ts'

/**
 * SQL for a temporary view in place of each view whose rows may be equal. It has the same name, and one more column that numbers
 * rows with the same key. The other columns determine the order, so that a row keeps its number.
 */
export function numberedRows(model: Model): string {
  return [...model.resources.values()]
    .filter(({ options }) => options.foreign?.key.includes(NTH))
    .map(({ table, id, columns, options }) => {
      const key = options.foreign!.key.filter(column => column !== NTH)
      const others = columns.filter(field => field !== id && !key.includes(field.column)).map(field => field.column)
      const order = others.length === 0 ? '' : ` ORDER BY ${others.map(quote).join()}`
      const window = `PARTITION BY ${key.map(quote).join()}${order}`
      const numbered = `SELECT *, row_number() OVER (${window}) AS ${NTH} FROM main.${quote(table)}`
      return `DROP VIEW IF EXISTS temp.${quote(table)}; CREATE TEMP VIEW ${quote(table)} AS ${numbered};`
    })
    .join('\n')
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
