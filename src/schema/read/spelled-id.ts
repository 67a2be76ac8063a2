// A URL has no segment "", "." or "..": clients resolve the latter two away before they ask, `%2e` as well (WHATWG URL §4.4).
// Rows of other programs may have such ids all the same. They are shown percent-encoded, so that every id that is shown can be
// a segment: `%2E`, `%2E%2E`, and `%` for the empty text. Ids that look like those are shown with `%25` for their `%`.

const SPELLED: ReadonlyMap<string, string> = new Map([
  ['', '%'],
  ['.', '%2E'],
  ['..', '%2E%2E'],
])
const STORED: ReadonlyMap<string, string> = new Map([...SPELLED].map(([id, spelled]) => [spelled, id]))
const LOOKS_SPELLED = /^%(?:25)*(?:2E(?:%2E)?)?$/

/** The text under which an id is shown: `.` becomes `%2E`. Nearly all ids stay as they are. */
export function spelledId(id: string): string {
  return SPELLED.get(id) ?? (LOOKS_SPELLED.test(id) ? `%25${id.slice(1)}` : id)
}

/** The inverse. It leaves text alone that `spelledId` never returns. */
export function storedId(spelled: string): string {
  const id = STORED.get(spelled)
  if (id !== undefined) return id
  return spelled.startsWith('%25') && LOOKS_SPELLED.test(spelled) ? `%${spelled.slice(3)}` : spelled
}
