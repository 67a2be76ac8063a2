/** Reads CSV (RFC 4180) as rows of texts. Throws Error if a quoted cell does not end. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!
    if (isQuoted) {
      if (sign !== '"') cell += sign
      else if (text[i + 1] === '"') cell += text[i++]!
      else isQuoted = false
    } else if (sign === '"' && cell === '') isQuoted = true
    else if (sign === ',') {
      row.push(cell)
      cell = ''
    } else if (sign === '\n' || sign === '\r') {
      if (sign === '\r' && text[i + 1] === '\n') i++
      row.push(cell)
      rows.push(row)
      row = []
      cell = ''
    } else cell += sign
  }
  // The first row has the names.
  if (isQuoted) throw new Error(`Row ${rows.length}: a quoted cell does not end`)
  if (cell !== '' || row.length > 0) rows.push([...row, cell])
  return rows.filter(one => one.length > 1 || one[0] !== '')
}

/**
 * Writes rows as CSV. Text that a spreadsheet would take for a formula gets an apostrophe before it, and so does what looks
 * as if it had got one: `plainOf` takes it away again.
 */
export function writeCsv(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const line = (cells: readonly unknown[]): string => cells.map(cellOf).join(',')
  return [line(columns), ...rows.map(row => line(columns.map(name => row[name])))].join('\r\n') + '\r\n'
}

function cellOf(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const safe = typeof value === 'string' && /^'*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The text of a cell without the apostrophe of `writeCsv`. */
export const plainOf = (cell: string): string => cell.replace(/^'('*[=+\-@\t\r\n])/, '$1')
