interface Ranked {
  readonly id: string
  readonly rank: number
}

/** The rank of a row that is put before another one, or at the end. */
export function rankBefore(rows: readonly Ranked[], before: string | null): number {
  const at = before === null ? rows.length : rows.findIndex(({ id }) => id === before)
  const above = rows[at - 1]?.rank
  const below = rows[at]?.rank
  if (above === undefined) return below === undefined ? 0 : below - 1
  return below === undefined ? above + 1 : (above + below) / 2
}
