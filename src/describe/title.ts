/** The first line of a text, without the marks of a heading. */
export function titleIn(text: string, otherwise: string): string {
  const [line = ''] = text.replace(/^\n+/, '').split('\n', 1)
  return line.replace(/^[# ]+/, '').trimEnd() || otherwise
}
