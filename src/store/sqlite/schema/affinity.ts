/** What a column makes of values that are written to it: numbers of text, text of numbers, or nothing. */
export type Affinity = 'number' | 'text' | 'none'

/** The affinity of a declared type (https://sqlite.org/datatype3.html §3.1); only strict tables have the type ANY. */
export function affinityOf(declared: string, isStrict: boolean): Affinity {
  const type = declared.toUpperCase()
  if (type.includes('INT')) return 'number'
  if (/CHAR|CLOB|TEXT/.test(type)) return 'text'
  return type === '' || type.includes('BLOB') || (isStrict && type === 'ANY') ? 'none' : 'number'
}
