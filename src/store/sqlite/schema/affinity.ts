/** How a column converts values: text to numbers if possible, numbers to text, or not at all. */
export type Affinity = 'number' | 'text' | 'none'

/** The affinity of a declared type (https://sqlite.org/datatype3.html §3.1). ANY is a type of its own only in strict tables. */
export function affinityOf(declared: string, isStrict: boolean): Affinity {
  const type = declared.toUpperCase()
  if (type.includes('INT')) return 'number'
  if (/CHAR|CLOB|TEXT/.test(type)) return 'text'
  return type === '' || type.includes('BLOB') || (isStrict && type === 'ANY') ? 'none' : 'number'
}
