const SCIENTIFIC = /^(-?)([0-9]+)(?:\.([0-9]+))?e([+-][0-9]+)$/

/** Writes a number in plain digits, with as many as are needed to distinguish it from its neighbours: 1e-7 → 0.0000001. */
export function plainDigits(value: number): string {
  const text = String(value)
  const match = SCIENTIFIC.exec(text)
  if (!match) return text
  const [, sign, whole, fraction = '', power] = match as unknown as [string, string, string, string | undefined, string]
  const all = whole + fraction
  const point = whole.length + Number(power)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`
  return point >= all.length ? sign + all.padEnd(point, '0') : `${sign}${all.slice(0, point)}.${all.slice(point)}`
}
