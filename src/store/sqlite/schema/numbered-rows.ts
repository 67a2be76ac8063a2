import type { Model } from '../../../model/model.ts'

/** The column that numbers equal rows of a view, which nothing else tells apart: the last of its key. */
export const NTH = '_restuary_nth'

/** SQL that puts a view of the connection before each view that has equal rows, under the same name, with their numbers. */
export function numberedRows(model: Model): string {
  return [...model.resources.values()]
    .filter(({ options }) => options.foreign?.key.includes(NTH))
    .map(({ table, options }) => {
      const columns = options.foreign!.key.filter(column => column !== NTH).map(quote)
      const numbered = `SELECT *, row_number() OVER (PARTITION BY ${columns.join()}) AS ${NTH} FROM main.${quote(table)}`
      return `DROP VIEW IF EXISTS temp.${quote(table)}; CREATE TEMP VIEW ${quote(table)} AS ${numbered};`
    })
    .join('\n')
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
